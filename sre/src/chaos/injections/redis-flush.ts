import { Redis } from 'ioredis'
import type { Context } from '../../context.ts'
import { objectAt } from '../../fields.ts'
import { CannotTell } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { execIn, hasExec } from '../targets/exec.ts'

const TIMEOUT_MS = 3000

/** Deletes everything in Redis: all holds end. This cannot be rolled back, and nothing is put back. */
export const redisFlush: Injection<undefined, { keys: number }> = {
  kind: 'redis-flush',
  describe: () => 'FLUSHALL in Redis: all holds end, and cannot be brought back',
  read(provider, path) {
    objectAt(provider, path, [])
    return undefined
  },
  async prepare(context) {
    return { keys: Number(await command(context, 'DBSIZE')) }
  },
  async inject(context) {
    await command(context, 'FLUSHALL')
  },
  rollback: async () => undefined,
}

async function command(context: Context, name: string): Promise<string> {
  if (hasExec(context)) return (await execIn(context, 'redis', ['redis-cli', name])).trim()
  // without a default: it would be any Redis of this machine
  const port = Number(context.env.REDIS_PORT)
  if (!(port > 0)) throw new CannotTell('Which Redis it is, is not said: set REDIS_PORT', 'REDIS_PORT')
  const redis = new Redis({
    port,
    lazyConnect: true,
    // a Redis that hangs does not answer the end of the connection either
    disconnectTimeout: 100,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: () => null,
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return String(await redis.call(name))
  } catch (error) {
    throw new CannotTell(`Redis does not answer: ${(error as Error).message}`, `127.0.0.1:${port}`)
  } finally {
    redis.disconnect()
  }
}
