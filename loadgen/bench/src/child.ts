import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Guard } from '@quickticket/local/guard'
import { controlProcess } from '@quickticket/local/running-process'
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
  guard: Guard
}

const START_TIMEOUT_MS = 30_000
const POLL_MS = 2

/** Starts a program of Node.js that listens on a port, with its log in a file, and waits until it answers. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, args, port, environment, logDir, guard } = options
  const logFile = join(logDir, `${name}.log`)
  const log = openSync(logFile, 'a')
  const startedAt = performance.now()
  const spawned = await guard.spawn(
    process.execPath,
    args,
    { env: { PATH: process.env.PATH, ...environment, PORT: String(port) }, stdio: ['ignore', log, log] },
    'SIGTERM',
  )
  closeSync(log)
  const child = controlProcess(spawned, guard)
  while (!(await answers(port))) {
    const late = performance.now() - startedAt > START_TIMEOUT_MS
    if (late) await child.kill()
    if (late || !child.isRunning())
      throw new Error(`${name} did not start: ${readFileSync(logFile, 'utf8').slice(-1000)}`)
    await delay(POLL_MS)
  }
  const startMs = performance.now() - startedAt
  const startCpuMs = hasProc ? cpuSeconds(child.pid) * 1000 : 0
  const stop = async () => void (await child.stop('SIGTERM', 10_000))
  return { name, url: `http://127.0.0.1:${port}`, port, pid: child.pid, startMs, startCpuMs, stop }
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
