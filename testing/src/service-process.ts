import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { collectLines, type LogLines } from './log-lines.ts'

export interface ServiceProcess {
  logs: LogLines
  /** where it listens, as soon as it does */
  url(): Promise<string>
  kill(signal: NodeJS.Signals): void
  /** ends the channel between this process and the service */
  disconnect(): void
  /** the exit code; null when a signal ended it */
  exited: Promise<number | null>
}

/** Runs a service as a process of its own, on a free port, with exactly these variables. */
export function runService(service: string, variables: Record<string, string> = {}): ServiceProcess {
  const server = fileURLToPath(new URL(`../../services/${service}/src/server.ts`, import.meta.url))
  return runProgram([server], { HOST: '127.0.0.1', PORT: '0', ...variables })
}

export function runProgram(args: string[], variables: Record<string, string> = {}): ServiceProcess {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const logs = collectLines()
  child.stdout?.setEncoding('utf8').on('data', logs.write)
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = Promise.all([once(child, 'exit'), once(child.stdout as Readable, 'end')]).then(
    ([[code]]) => code as number | null,
  )
  return {
    logs,
    exited,
    async url() {
      const { msg } = await logs.until((line) => line.msg.startsWith('Server listening at '))
      return msg.slice('Server listening at '.length)
    },
    kill: (signal) => child.kill(signal),
    disconnect: () => child.disconnect(),
  }
}
