import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { hasRedis, startRedisServer } from './store-servers.ts'

/** A Redis that a test may ruin is one of its own, from the PATH; where there is none, what needs it is skipped. */
export const noOwnRedis = !hasRedis

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
export async function ownRedis(chosenPort?: number): Promise<OwnRedis> {
  const { port, dataDir, pause, resume, close } = await startRedisServer(chosenPort)
  const admin = new Redis(port, '127.0.0.1')
  admin.on('error', () => undefined)
  onTestFinished(async () => {
    admin.disconnect()
    resume()
    await close()
  })
  return { port, dataDir, admin, hang: pause, resume }
}
