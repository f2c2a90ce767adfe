import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { waitUntil } from '@quickticket/local/wait'
import { get } from '../http.ts'
import type { Environment, Service } from '../system.ts'

/** One replica of a service: always on the same port, always writing to the same log. */
export interface Replica {
  name: string
  port: number
  logFile: string
  start(extra?: Environment): Promise<void>
  /** SIGKILL, and waits. */
  kill(): Promise<void>
  pause(): void
  resume(): void
  isRunning(): boolean
}

export interface ReplicaOptions {
  service: Service
  name: string
  port: number
  /** where services/ is */
  root: string
  logDir: string
  environment: Environment
}

const START_TIMEOUT_MS = 30_000

export function createReplica({ service, name, port, root, logDir, environment }: ReplicaOptions): Replica {
  const logFile = join(logDir, `${name}.log`)
  let child: ChildProcess | undefined
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null

  return {
    name,
    port,
    logFile,
    isRunning,
    async start(extra = {}) {
      const log = openSync(logFile, 'a')
      child = spawn(process.execPath, [join(root, 'services', service, 'src/server.ts')], {
        env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), ...environment, ...extra },
        // the channel ends the service when this process is gone
        stdio: ['ignore', log, log, 'ipc'],
      })
      const answers = async () =>
        (await get(`http://127.0.0.1:${port}/livez`).catch(() => undefined))?.status === 200
      const settled = async () => !isRunning() || (await answers())
      if (!(await waitUntil(settled, START_TIMEOUT_MS)) || !isRunning()) {
        throw new Error(`${name} did not start, see ${logFile}`)
      }
    },
    async kill() {
      if (!isRunning()) return
      const exited = once(child as ChildProcess, 'exit')
      child?.kill('SIGKILL')
      await exited
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
}
