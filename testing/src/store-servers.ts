import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '@quickticket/local/postgres-server'
import { findRedis, startRedis } from '@quickticket/local/redis-server'
import { startWatchdog } from '@quickticket/local/watchdog'
import { freePort } from './free-port.ts'
import { makeDataDir } from './system.ts'

/** A server that a test or a benchmark has for itself, with data of its own. */
export interface StoreServer {
  port: number
  dataDir: string
  pid(): number
  /** SIGKILL, and waits */
  kill(): Promise<void>
  /** Starts it again after a kill, with its data, on its port. */
  start(): Promise<void>
  pause(): void
  resume(): void
  /** Ends it and removes its data. */
  close(): Promise<void>
}

type Running = { pid: number; kill(): Promise<unknown>; pause(): void; resume(): void }

const program = findRedis(process.env.PATH ?? '')

/** Whether redis-server or valkey-server is on the PATH. */
export const hasRedis = program !== undefined

/**
 * PostgreSQL on a free port, with an empty database.
 *
 * @param durable writes reach the disk before they are confirmed, as in production; slower
 */
export async function startPostgresServer({ durable = false, log = ignore } = {}): Promise<StoreServer> {
  const dataDir = makeDataDir()
  const watchdog = await startWatchdog()
  const port = await freePort()
  return createServer(dataDir, port, watchdog, () => startPostgres({ dataDir, port, watchdog, log, durable }))
}

export interface RedisServer extends StoreServer {
  /** Removes what it saved: the next start is an empty one. */
  forget(): void
}

/** Redis, on a free port unless one is given. @throws Error when there is no Redis on the PATH */
export async function startRedisServer(given?: number): Promise<RedisServer> {
  if (!program)
    throw new Error('redis-server or valkey-server is needed on the PATH: apt-get install redis-server')
  const dataDir = makeDataDir()
  const watchdog = await startWatchdog()
  const port = given ?? (await freePort())
  const server = await createServer(dataDir, port, watchdog, () =>
    startRedis({ program, dataDir, port, watchdog }),
  )
  return { ...server, forget: () => rmSync(join(dataDir, 'redis', 'dump.rdb'), { force: true }) }
}

async function createServer(
  dataDir: string,
  port: number,
  watchdog: Awaited<ReturnType<typeof startWatchdog>>,
  launch: () => Promise<Running>,
): Promise<StoreServer> {
  let running: Running
  const start = async () => {
    running = await launch()
  }
  const close = async () => {
    await watchdog.endAll(CLOSE_GRACE_MS)
    rmSync(dataDir, { recursive: true, force: true })
  }
  await start().catch(async (error) => {
    await close()
    throw error
  })
  return {
    port,
    dataDir,
    start,
    close,
    pid: () => running.pid,
    kill: async () => void (await running.kill()),
    pause: () => running.pause(),
    resume: () => running.resume(),
  }
}

const CLOSE_GRACE_MS = 5000

function ignore(_line: string): void {}
