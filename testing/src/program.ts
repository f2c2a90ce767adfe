import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { statusOf } from '@quickticket/local/http-status'
import { waitUntil } from '@quickticket/local/wait'
import { collectLines, type LogLines } from './log-lines.ts'
import { REPOSITORY } from './repository.ts'

/** A process of Node.js that tests and benchmarks start. */
export interface Program {
  pid: number
  /** its standard output, unless that goes to a file */
  logs: LogLines
  isRunning(): boolean
  /** where it listens on a port that it chose itself, as soon as it does */
  url(): Promise<string>
  kill(signal: NodeJS.Signals): void
  /** ends the channel between this process and the program */
  disconnect(): void
  /** the exit code; null when a signal ended it */
  exited: Promise<number | null>
  /** SIGKILL, and waits */
  end(): Promise<void>
}

export interface LaunchOptions {
  /** both outputs are appended to it */
  logFile?: string
  /** in a process group of its own, so that Ctrl-C does not reach it */
  detached?: boolean
}

/** Processes share compiled code: compiling is most of what a start costs. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'quickticket-tests-compiled') }

const LISTENING = 'Server listening at '
const START_TIMEOUT_MS = 30_000

/** Starts a program with exactly these variables. A service ends by itself when this process is gone: it loses its channel. */
export function launchProgram(
  args: string[],
  variables: Record<string, string> = {},
  { logFile, detached = false }: LaunchOptions = {},
): Program {
  const log = logFile === undefined ? undefined : openSync(logFile, 'a')
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', log ?? 'pipe', log ?? 'inherit', 'ipc'],
    detached,
  })
  if (log !== undefined) closeSync(log)
  const logs = collectLines()
  child.stdout?.setEncoding('utf8').on('data', logs.write)
  // not `close`: it does not come when this side has ended the channel
  const ends = [once(child, 'exit'), child.stdout && once(child.stdout, 'end')] as const
  const exited = Promise.all(ends).then(([[code]]) => code as number | null)
  const isRunning = () => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid as number,
    logs,
    exited,
    isRunning,
    async url() {
      const { msg } = await logs.until((line) => line.msg.startsWith(LISTENING))
      return msg.slice(LISTENING.length)
    },
    kill: (signal) => void child.kill(signal),
    disconnect: () => child.disconnect(),
    async end() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Starts one of the services on this machine's loopback address; `PORT` is a free one unless it is given. */
export function launchService(
  service: string,
  variables: Record<string, string>,
  { root = REPOSITORY, ...options }: LaunchOptions & { root?: string } = {},
): Program {
  const server = join(root, 'services', service, 'src/server.ts')
  return launchProgram([server], { HOST: '127.0.0.1', PORT: '0', ...COMPILE_CACHE, ...variables }, options)
}

/** Waits until a service answers its liveness probe. @throws Error when it ends before, or takes more than 30 s */
export async function untilAlive({ isRunning }: Program, url: string): Promise<void> {
  const isSettled = async () => !isRunning() || (await statusOf(`${url}/livez`)) === 200
  const inTime = await waitUntil(isSettled, START_TIMEOUT_MS)
  if (!isRunning()) throw new Error('it ended at its start')
  if (!inTime) throw new Error(`${url} does not answer`)
}
