import { join } from 'node:path'
import { launchService, type Program, untilAlive } from './program.ts'

/** One replica of a service: always on the same port, always writing to the same log. */
export interface Replica {
  name: string
  port: number
  url: string
  logFile: string
  start(extra?: Record<string, string>): Promise<void>
  /** SIGKILL, and waits. */
  kill(): Promise<void>
  pause(): void
  resume(): void
  isRunning(): boolean
}

export interface ReplicaOptions {
  service: string
  name: string
  port: number
  /** the checkout whose services/ is started; this one by default */
  root?: string
  logDir: string
  environment: Record<string, string>
}

export function createReplica({ service, name, port, root, logDir, environment }: ReplicaOptions): Replica {
  const logFile = join(logDir, `${name}.log`)
  const url = `http://127.0.0.1:${port}`
  let program: Program | undefined
  const isRunning = () => program?.isRunning() ?? false

  return {
    name,
    port,
    url,
    logFile,
    isRunning,
    async start(extra = {}) {
      program = launchService(
        service,
        { ...environment, ...extra, PORT: String(port) },
        { logFile, ...(root !== undefined && { root }) },
      )
      await untilAlive(program, url).catch((error: Error) => {
        throw new Error(`${name} did not start (${error.message}), see ${logFile}`)
      })
    },
    async kill() {
      await program?.end()
    },
    pause: () => program?.kill('SIGSTOP'),
    resume: () => program?.kill('SIGCONT'),
  }
}
