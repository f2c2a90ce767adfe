import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import type { Part } from './parts.ts'
import { reachOverlay, removeLabs } from './state.ts'

const RESULTS = join(REPOSITORY, 'e2e/results')

export interface PartResult {
  part: Part
  passed: number
  failed: number
  seconds: number
}

export interface RunOptions {
  parts: readonly Part[]
  /** labs and parts with namespaces of their own at a time */
  sideBySide: boolean
  signal: AbortSignal
}

/** Runs parts in their order. Those that were not begun before `signal` are not in the results. */
export async function runParts({ parts, sideBySide, signal }: RunOptions): Promise<PartResult[]> {
  const labs = parts.filter(({ place }) => place === 'labs')
  const alone = parts.filter((part) => part.place === 'own' && part.alone)
  const own = parts.filter((part) => part.place === 'own' && !part.alone)
  const results: PartResult[] = []
  if (sideBySide) {
    await Promise.all([runInOrder(labs, true, signal, results), runInOrder(own, true, signal, results)])
    if (labs.length > 0 && alone.length > 0) await step('removing the labs', removeLabs)
  } else {
    await runInOrder(labs, false, signal, results)
    if (labs.length > 0 && own.length + alone.length > 0) await step('removing the labs', removeLabs)
    await runInOrder(own, false, signal, results)
  }
  await runInOrder(alone, false, signal, results)
  return results
}

/** Says what begins, and how long it took. */
export async function step(what: string, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  console.log(`::: ${what}`)
  await work()
  console.log(`::: ${what}: ${Math.round((performance.now() - startedAt) / 1000)} s`)
}

async function runInOrder(
  parts: readonly Part[],
  quiet: boolean,
  signal: AbortSignal,
  results: PartResult[],
): Promise<void> {
  let state: string | undefined
  for (const part of parts) {
    if (signal.aborted) return
    const { name, startsFrom } = part
    if (part.place === 'labs' && startsFrom !== state)
      await step(`${name}: starting from ${startsFrom ?? 'nothing'}`, () =>
        startsFrom === undefined ? removeLabs() : reachOverlay(startsFrom),
      )
    results.push(await runPart(part, quiet, signal))
    state = part.leaves ?? startsFrom
  }
}

/**
 * A vitest for each part: what one leaves behind in memory cannot matter to the next, and one that hangs can be ended.
 *
 * @param quiet its output comes at its end, in one piece: others run at the same time
 */
async function runPart(part: Part, quiet: boolean, signal: AbortSignal): Promise<PartResult> {
  const { name, about, page } = part
  console.log(`\n::: ${name}: ${about}`)
  const report = join(RESULTS, `cluster-${name}.json`)
  const log = join(RESULTS, `cluster-${name}.log`)
  mkdirSync(RESULTS, { recursive: true })
  rmSync(report, { force: true })
  const output = quiet ? openSync(log, 'w') : 'inherit'
  const startedAt = performance.now()
  // a group of its own: Ctrl-C reaches this process alone, which then ends the part
  const child = spawn(process.execPath, vitestArguments(part, report), {
    cwd: REPOSITORY,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...(page && { QUICKTICKET_PAGE: page }) },
  })
  const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  await once(child, 'exit')
  signal.removeEventListener('abort', end)
  const seconds = (performance.now() - startedAt) / 1000
  const result = { part, ...counts(report), seconds }
  if (typeof output === 'number') {
    closeSync(output)
    process.stdout.write(readFileSync(log))
  }
  console.log(`::: ${name}: ${result.passed} passed, ${result.failed} failed in ${Math.round(seconds)} s`)
  return result
}

function vitestArguments({ file }: Part, report: string): string[] {
  const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`]
  return [vitest, 'run', '--project', 'cluster', join('e2e/cluster', file), ...reporters]
}

/** A part that wrote no report has failed. */
function counts(report: string): { passed: number; failed: number } {
  try {
    const { numPassedTests, numTotalTests, numPendingTests, success } = JSON.parse(
      readFileSync(report, 'utf8'),
    ) as { numPassedTests: number; numTotalTests: number; numPendingTests: number; success: boolean }
    const failed = numTotalTests - numPassedTests - numPendingTests
    // a hook that failed is no test
    return { passed: numPassedTests, failed: success ? failed : Math.max(failed, 1) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}
