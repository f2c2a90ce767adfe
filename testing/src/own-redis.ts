import { rmSync } from 'node:fs'
import { startGuard } from '@quickticket/local/guard'
import { freePorts } from '@quickticket/local/ports'
import { findRedis, startRedis } from '@quickticket/local/redis-server'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { makeDataDir } from './system.ts'

const program = findRedis(process.env.PATH ?? '')

/** A Redis that a test may ruin is one of its own, from the PATH; where there is none, what needs it is skipped. */
export const noOwnRedis = program === undefined

export interface OwnRedis {
  port: number
  dataDir: string
  /** to change it, past what is tested */
  admin: Redis
  /** It takes connections and answers none, until `resume`. */
  hang(): void
  resume(): void
}

/** Starts a Redis that ends with the test. */
export async function ownRedis(port?: number): Promise<OwnRedis> {
  const dataDir = makeDataDir()
  const guard = await startGuard()
  onTestFinished(async () => {
    await guard.endAll(1000)
    rmSync(dataDir, { recursive: true, force: true })
  })
  const [free = 0] = port === undefined ? await freePorts(1) : [port]
  const server = await startRedis({ program: program as string, dataDir, port: free, guard })
  const admin = new Redis(free, '127.0.0.1')
  admin.on('error', () => undefined)
  onTestFinished(() => {
    admin.disconnect()
    process.kill(server.pid, 'SIGCONT')
  })
  return {
    port: free,
    dataDir,
    admin,
    hang: () => void process.kill(server.pid, 'SIGSTOP'),
    resume: () => void process.kill(server.pid, 'SIGCONT'),
  }
}
