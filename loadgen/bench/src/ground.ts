import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startWatchdog, type Watchdog } from '@quickticket/local/watchdog'
import { redisCommand } from '@quickticket/testing/redis-command'
import { startPostgresServer, startRedisServer } from '@quickticket/testing/store-servers'
import { type DatabaseName, fillDatabases } from './databases.ts'

export interface Redis {
  port: number
  pid: number
}

/** PostgreSQL, which writes to the disk before it says so, and Redis; everything on them is new. */
export interface Ground {
  postgresPort: number
  postgresPid: number
  redis: Redis
  secondRedis(): Promise<Redis>
  logDir: string
  compileCache: string
  /** ends the services with this process */
  watchdog: Watchdog
  close(): Promise<void>
}

export async function layGround(databases: Set<DatabaseName>, root: string): Promise<Ground> {
  const watchdog = await startWatchdog()
  const closers: (() => Promise<void>)[] = []

  async function close(): Promise<void> {
    await watchdog.endAll(10_000)
    for (const closeServer of closers) await closeServer()
  }

  async function startRedis(): Promise<Redis> {
    const server = await startRedisServer()
    closers.push(server.close)
    return { port: server.port, pid: server.pid() }
  }

  try {
    const redis = await startRedis()
    const postgres = await startPostgresServer({ durable: true })
    closers.push(postgres.close)
    await fillDatabases(postgres.port, databases, root)
    const logDir = join(postgres.dataDir, 'services')
    mkdirSync(logDir)
    return {
      postgresPort: postgres.port,
      postgresPid: postgres.pid(),
      redis,
      secondRedis: startRedis,
      logDir,
      compileCache: join(postgres.dataDir, 'compile-cache'),
      watchdog,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Forgets all holds: every run begins with the same Redis. */
export async function flushRedis(port: number): Promise<void> {
  const answer = await redisCommand({ host: '127.0.0.1', port }, 'FLUSHALL')
  if (!answer.startsWith('+OK')) throw new Error(`Redis does not flush: ${answer}`)
}
