import { execFile } from 'node:child_process'
import { accessSync, constants, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { SCENARIOS, type Scenario } from './model.ts'
import { brokenPromise, readTrace, type Step } from './trace.ts'

const MODEL = fileURLToPath(new URL('../../model/protocol.pml', import.meta.url))

const run = promisify(execFile)

export interface SearchOptions {
  scenario: Scenario
  /** macros of the model, as NAME or NAME=value */
  defines?: string[]
  /** `all` looks at each state, and for runs without an end; `shortest` stops at the first broken promise */
  look: 'all' | 'shortest'
}

export interface SearchResult {
  states: number
  /** undefined when all promises are kept */
  broken: { promise: string; trace: Step[] } | undefined
  /** lines of the model that no run has reached */
  unreached: string[]
}

/** @throws {Error} that names the Debian packages, when Spin or a C compiler is missing */
export function requireSpin(path = process.env.PATH ?? ''): void {
  const missing = ['spin', 'gcc'].filter((program) => !isOnPath(program, path))
  if (missing.length > 0)
    throw new Error(`${missing.join(' and ')} not found: apt-get install spin gcc libc6-dev`)
}

/** Searches the states of the model with Spin: it makes a C program of the model and its options, and runs that. */
export async function search({ scenario, defines = [], look }: SearchOptions): Promise<SearchResult> {
  requireSpin()
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-model-'))
  try {
    copyFileSync(MODEL, join(directory, 'protocol.pml'))
    const flags = [`SCENARIO=${SCENARIOS[scenario].number}`, ...defines].map((define) => `-D${define}`)
    const at = { cwd: directory, maxBuffer: 64 * 1024 * 1024 }
    await run('spin', ['-a', ...flags, 'protocol.pml'], at)
    // breadth first: the first error is one of the shortest
    const way = look === 'shortest' ? ['-DBFS', '-DSAFETY'] : ['-DNP']
    await run(
      'gcc',
      ['-O2', '-w', '-DNOFAIR', '-DCOLLAPSE', `-DMEMLIM=${MEMORY_MB}`, ...way, '-o', 'pan', 'pan.c'],
      at,
    )
    const options = look === 'shortest' ? [] : ['-l']
    const { stdout: found } = await run('./pan', [...options, '-m400000', '-w22'], at)
    if (/max search depth too small|out of memory|interrupted/.test(found)) throw new Error(found)
    const states = Number(/(\d+) states, stored/.exec(found)?.[1])
    if (/errors: 0/.test(found)) return { states, broken: undefined, unreached: unreachedLines(found) }
    const { stdout: replay } = await run('spin', ['-t', ...flags, 'protocol.pml'], at)
    return { states, broken: { promise: brokenPromise(found), trace: readTrace(replay) }, unreached: [] }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const MEMORY_MB = 3000

/** What Spin says of each process, as `init: protocol.pml:12, state 3, "…"`. */
function unreachedLines(report: string): string[] {
  return [...report.matchAll(/unreached in (?:proctype )?(\w+)\n((?:\t.*\n)*)/g)].flatMap(
    ([, process, lines = '']) =>
      [...lines.matchAll(/\tprotocol\.pml:\d+, state \d+, (".*")/g)].map(([, text]) => `${process}: ${text}`),
  )
}

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
