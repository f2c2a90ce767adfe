import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { waitUntil } from '@quickticket/local/wait'
import type { Watchdog } from '@quickticket/local/watchdog'
import { launchProgram } from '@quickticket/testing/program'
import { httpRequest } from './http-connection.ts'
import { cpuSeconds, hasProc } from './proc.ts'

export interface Child {
  name: string
  url: string
  port: number
  pid: number
  /** from spawn to the first 200 */
  startMs: number
  /** CPU time until then, of all threads; 0 where /proc is missing */
  startCpuMs: number
  stop(): Promise<void>
}

export interface ChildOptions {
  name: string
  /** what Node.js is called with */
  args: string[]
  port: number
  environment: Record<string, string>
  logDir: string
  watchdog: Watchdog
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 2

/** Starts a program of Node.js that listens on a port, with its log in a file, and waits until it answers. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, args, port, environment, logDir, watchdog } = options
  const logFile = join(logDir, `${name}.log`)
  const startedAt = performance.now()
  const program = launchProgram(args, { ...environment, PORT: String(port) }, { logFile, detached: true })
  const { pid, exited, isRunning } = program
  watchdog.add(pid, 'SIGTERM')
  void exited.then(() => watchdog.remove(pid))
  const isSettled = async () => !isRunning() || (await answers(port))
  if (!(await waitUntil(isSettled, START_TIMEOUT_MS, POLL_MS)) || !isRunning()) {
    await program.end()
    throw new Error(`${name} did not start: ${readFileSync(logFile, 'utf8').slice(-1000)}`)
  }
  const startMs = performance.now() - startedAt
  const startCpuMs = hasProc ? cpuSeconds(pid) * 1000 : 0
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    port,
    pid,
    startMs,
    startCpuMs,
    async stop() {
      program.kill('SIGTERM')
      if (!(await waitUntil(() => !isRunning(), STOP_TIMEOUT_MS))) await program.end()
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(httpRequest('GET', '/livez')))
    socket.once('data', (data) => {
      resolve(data.toString('latin1', 9, 12) === '200')
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
