import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import type { Report } from '../src/report.ts'
import { type Answers, type FakeGateway, startFakeGateway } from './fake-gateway.ts'

const RUN = fileURLToPath(new URL('../run.sh', import.meta.url))
const LAST_LINE = /^Done\. total=(\d+) success=(\d+) fail=(\d+) error_rate=(\d+\.\d)% sold_out=(\d+)$/

export type Counts = Record<'total' | 'success' | 'fail' | 'error_rate' | 'sold_out', number>

const opened: FakeGateway[] = []
const started: ChildProcess[] = []
const made: string[] = []
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const gateway of opened.splice(0)) await gateway.close()
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true })
})

/** A gateway that is gone when the test is over. */
export async function gatewayWith(answers: Answers = {}): Promise<FakeGateway> {
  const gateway = await startFakeGateway(answers)
  opened.push(gateway)
  return gateway
}

/** The path of a file that is gone when the test is over. */
export function fileCalled(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'loadgen-test-'))
  made.push(dir)
  return join(dir, name)
}

/** Starts the command as a user does. */
export function start(
  args: string[],
  gatewayUrl: string | undefined,
  variables: Record<string, string> = {},
): ChildProcess {
  const child = spawn(RUN, args, {
    env: { PATH: process.env.PATH, ...(gatewayUrl && { GATEWAY_URL: gatewayUrl }), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  return child
}

/** Runs it to its end. */
export async function loadgen(
  args: string[],
  gatewayUrl: string | undefined,
  variables: Record<string, string> = {},
) {
  return outputOf(start(args, gatewayUrl, variables))
}

export async function outputOf(child: ChildProcess) {
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit'),
  ])
  const lines = output.split('\n').filter((line) => line !== '')
  return { code: code as number, lines, errors, counts: readCounts(output) }
}

/** Runs it and reads the figures that it writes with --json. */
export async function reportOf(args: string[], gatewayUrl: string): Promise<Report & { code: number }> {
  const file = fileCalled('report.json')
  const { code } = await loadgen([...args, '--json', file], gatewayUrl)
  return { ...(JSON.parse(readFileSync(file, 'utf8')) as Report), code }
}

function readCounts(output: string): Counts {
  const last = LAST_LINE.exec(output.trim().split('\n').at(-1) ?? '') ?? []
  const [total, success, fail, error_rate, sold_out] = last.slice(1).map(Number)
  return { total, success, fail, error_rate, sold_out } as Counts
}
