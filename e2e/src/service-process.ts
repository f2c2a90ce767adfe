import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE } from './compile-cache.ts'
import { get } from './http.ts'
import { parseLog } from './log-lines.ts'
import type { Environment, LogLine, Service } from './system.ts'

/** One service that runs by itself, with exactly the variables of the test. */
export interface ServiceProcess {
  url: string
  logs(): LogLine[]
  signal(signal: NodeJS.Signals): void
  /** the exit code; null when a signal ended it */
  exited: Promise<number | null>
}

const running = new Set<ChildProcess>()

/** Starts a service and waits until it answers. */
export async function startService(service: Service, environment: Environment = {}): Promise<ServiceProcess> {
  const port = await freePort()
  const started = runService(service, { HOST: '127.0.0.1', PORT: String(port), ...environment })
  const url = `http://127.0.0.1:${environment.PORT ?? port}`
  const ended = started.exited.then((code) => {
    throw new Error(
      `${service} ended with ${code}: ${JSON.stringify(started.logs().map((line) => line.text))}`,
    )
  })
  await Promise.race([ended, untilAlive(url)])
  ended.catch(() => undefined)
  return { ...started, url }
}

/** Runs a service that may end at once. */
export function runService(service: Service, environment: Environment): Omit<ServiceProcess, 'url'> {
  const server = fileURLToPath(new URL(`../../services/${service}/src/server.ts`, import.meta.url))
  const child = spawn(process.execPath, [server], {
    env: { PATH: process.env.PATH, ...COMPILE_CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  running.add(child)
  const exited = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return { exited, logs: () => parseLog(output), signal: (signal) => child.kill(signal) }
}

/** Ends every service that is left; for the end of a test. */
export async function endServices(): Promise<void> {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => running.has(child) && once(child, 'close')))
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function untilAlive(url: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    const answer = await get(`${url}/livez`).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} does not answer`)
}
