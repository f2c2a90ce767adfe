import { mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Guard, startGuard } from '@quickticket/local/guard'
import { freePorts } from '@quickticket/local/ports'
import { startPostgres } from '@quickticket/local/postgres-server'
import { findRedis, startRedis } from '@quickticket/local/redis-server'
import { makeDataDir } from '@quickticket/testing/system'
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
  guard: Guard
  close(): Promise<void>
}

export async function layGround(databases: Set<DatabaseName>, root: string): Promise<Ground> {
  const program = findRedis(process.env.PATH ?? '')
  if (!program) throw new Error('the bench needs redis-server or valkey-server in the PATH')
  const dataDir = makeDataDir()
  const logDir = join(dataDir, 'logs')
  mkdirSync(logDir, { recursive: true })
  const guard = await startGuard()
  const [postgresPort = 0, redisPort = 0, secondRedisPort = 0] = await freePorts(3)

  async function close(): Promise<void> {
    await guard.endAll(10_000)
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    const [postgres, redis] = await Promise.all([
      startPostgres({ dataDir, port: postgresPort, guard, log: () => undefined }),
      startRedis({ program, dataDir, port: redisPort, guard }),
    ])
    await fillDatabases(postgresPort, databases, root)
    return {
      postgresPort,
      postgresPid: postgres.pid,
      redis,
      secondRedis() {
        return startRedis({ program, dataDir: join(dataDir, 'second'), port: secondRedisPort, guard })
      },
      logDir,
      compileCache: join(dataDir, 'compile-cache'),
      guard,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Forgets all holds: every run begins with the same Redis. */
export async function flushRedis(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.end('FLUSHALL\r\nQUIT\r\n')
  const answer = await text(socket)
  if (!answer.startsWith('+OK')) throw new Error(`Redis does not flush: ${answer}`)
}
