import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../docker.ts'
import { provideHelm } from './environment.ts'
import { provideImages } from './images.ts'
import { PARTS, type Part } from './parts.ts'
import { reachOverlay, removeEverything } from './state.ts'
import { expectTestCluster, NotReady } from './test-cluster.ts'

const USAGE = `npm run test:cluster [-- OPTIONS]

Runs the Kubernetes pages of docs/, and assertions besides, on the cluster that KUBECONFIG names. It needs kubectl with the
plugin of Argo Rollouts, Docker, and a test cluster on which nothing of QuickTicket runs: k3d cluster create --config k8s/k3d/lab.yaml

  --only PART,…   these parts; each is brought to the state that it starts from
  --list          the parts, in order
  --keep          leaves what runs at the end
  --clean         removes what an earlier run or a student's lab has left, then starts
  --any-cluster   also on a cluster that does not look like a test cluster

QUICKTICKET_LOAD is the command that brings images to the nodes; it gets their names, and is by default
"k3d image import -c quickticket". Empty: they are there already.
Exit codes: 0, 1 something failed, 2 it could not start, 130 after Ctrl-C.`

const RESULTS = join(ROOT, 'e2e/results')

interface PartResult {
  part: Part
  passed: number
  failed: number
  seconds: number
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'number') return options
  const interrupted = new AbortController()
  let running: ChildProcess | undefined
  process
    .on('SIGINT', () => interrupted.abort())
    .on('SIGTERM', () => {
      interrupted.abort()
      running?.kill('SIGINT')
    })

  try {
    if (options.clean) await step('removing what is there', removeEverything)
    await expectTestCluster(options.anyCluster)
  } catch (error) {
    if (!(error instanceof NotReady)) throw error
    console.error(`test:cluster: ${error.message}`)
    return 2
  }
  const results: PartResult[] = []
  try {
    provideHelm()
    await step('building and loading images', () => provideImages(process.env.QUICKTICKET_LOAD))
    let state: string | undefined
    for (const part of options.parts) {
      if (interrupted.signal.aborted) break
      if (part.startsFrom !== state)
        await step(`${part.name}: ${about(part.startsFrom)}`, () => reach(part.startsFrom))
      results.push(
        await runPart(part, (child) => {
          running = child
        }),
      )
      state = part.leaves ?? part.startsFrom
    }
  } finally {
    if (!options.keep) await step('removing everything', removeEverything)
  }
  for (const line of table(results)) console.log(line)
  if (interrupted.signal.aborted) return 130
  return results.length === options.parts.length &&
    results.every(({ failed, passed }) => failed === 0 && passed > 0)
    ? 0
    : 1
}

function readOptions(args: string[]) {
  const boolean = { type: 'boolean' } as const
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        list: boolean,
        keep: boolean,
        clean: boolean,
        'any-cluster': boolean,
        help: { ...boolean, short: 'h' },
      },
    })
    if (values.help) return print(USAGE)
    if (values.list) return print(PARTS.map(({ name, about }) => `${name.padEnd(14)} ${about}`).join('\n'))
    const names = values.only?.flatMap((list) => list.split(','))
    const unknown = names?.find((name) => !PARTS.some((part) => part.name === name))
    if (unknown !== undefined)
      throw new Error(`there is no part "${unknown}": ${PARTS.map(({ name }) => name).join(', ')}`)
    const parts = PARTS.filter(({ name }) => names?.includes(name) ?? true)
    return { parts, keep: values.keep, clean: values.clean, anyCluster: values['any-cluster'] ?? false }
  } catch (error) {
    console.error(`test:cluster: ${(error as Error).message}`)
    return 2
  }
}

async function reach(overlay: string | undefined): Promise<void> {
  if (overlay === undefined) await removeEverything()
  else await reachOverlay(overlay)
}

function about(overlay: string | undefined): string {
  return overlay === undefined ? 'starting from an empty cluster' : `starting from ${overlay}`
}

/** A vitest for each part: what one leaves behind in memory cannot matter to the next, and a part that hangs is ended alone. */
async function runPart(part: Part, started: (child: ChildProcess) => void): Promise<PartResult> {
  const { name, file, page } = part
  console.log(`\n::: ${name}: ${part.about}`)
  const report = join(RESULTS, `cluster-${name}.json`)
  mkdirSync(RESULTS, { recursive: true })
  rmSync(report, { force: true })
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--project',
      'cluster',
      join('e2e/cluster', file),
      '--reporter=verbose',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...(page && { QUICKTICKET_PAGE: page }) },
    },
  )
  started(child)
  await once(child, 'exit')
  const seconds = (performance.now() - startedAt) / 1000
  return { part, ...counts(report), seconds }
}

/** A part that wrote no report has failed. */
function counts(report: string): { passed: number; failed: number } {
  try {
    const { numPassedTests, numTotalTests, numPendingTests, success } = JSON.parse(
      readFileSync(report, 'utf8'),
    ) as Record<string, number>
    const failed = (numTotalTests ?? 0) - (numPassedTests ?? 0) - (numPendingTests ?? 0)
    return { passed: numPassedTests ?? 0, failed: success || failed > 0 ? failed : 1 }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

async function step(what: string, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  console.log(`::: ${what}`)
  await work()
  console.log(`::: ${what}: ${Math.round((performance.now() - startedAt) / 1000)} s`)
}

function table(results: PartResult[]): string[] {
  const line = (name: string, passed: unknown, failed: unknown, seconds: unknown) =>
    `${name.padEnd(14)} ${String(passed).padStart(6)} ${String(failed).padStart(6)} ${String(seconds).padStart(7)}`
  const sum = (of: (result: PartResult) => number) => results.reduce((total, result) => total + of(result), 0)
  return [
    '',
    line('part', 'passed', 'failed', 'seconds'),
    ...results.map(({ part, passed, failed, seconds }) =>
      line(part.name, passed, failed, Math.round(seconds)),
    ),
    line(
      'all',
      sum(({ passed }) => passed),
      sum(({ failed }) => failed),
      Math.round(sum(({ seconds }) => seconds)),
    ),
  ]
}

function print(text: string): number {
  console.log(text)
  return 0
}
