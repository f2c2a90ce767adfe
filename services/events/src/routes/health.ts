import type { App } from '@quickticket/kit/app'
import { coalesce } from '@quickticket/kit/coalesce'
import { SHARED_CHECK_MS } from '@quickticket/kit/health'
import { Type } from '@quickticket/kit/schema'
import type { DatabaseCheck } from '../database-check.ts'
import { checkRedis } from '../redis-check.ts'

const Check = Type.Enum(['ok', 'degraded', 'down'], { examples: ['ok'] })

const Health = Type.Object(
  {
    status: Type.String({ enum: ['healthy', 'degraded'], examples: ['healthy'] }),
    checks: Type.Object({ postgres: Check, redis: Check }),
    reasons: Type.Optional(
      Type.Object(
        { postgres: Type.Optional(Type.String()), redis: Type.Optional(Type.String()) },
        { description: 'what is wrong with those that are not ok' },
      ),
    ),
    version: Type.String({ examples: ['1.0.0'] }),
  },
  { title: 'Health' },
)

export interface Dependencies {
  /** says whether GET /events could be answered now */
  checkDatabase(): Promise<DatabaseCheck>
  /** rejects when the hold store does not answer, or could hold nothing */
  askRedis(): Promise<unknown>
}

export function healthRoute(app: App, { checkDatabase, askRedis }: Dependencies, version: string): void {
  const redisCheck = coalesce(() => checkRedis(askRedis), { everyMs: SHARED_CHECK_MS })
  const schema = {
    tags: ['operations'],
    operationId: 'getHealth',
    summary: 'Own health',
    description: 'Degraded, and 503, while PostgreSQL or Redis cannot do its work.',
    response: { 200: Health, 503: Health },
  }
  app.get('/health', { config: { ops: true }, schema }, async (_request, reply) => {
    const [database, redis] = await Promise.all([checkDatabase(), redisCheck(undefined)])
    const reasons = {
      ...(database.reason !== undefined && { postgres: database.reason }),
      ...(redis.reason !== undefined && { redis: redis.reason }),
    }
    const healthy = database.result === 'ok' && redis.result === 'ok'
    reply.code(healthy ? 200 : 503)
    return {
      status: healthy ? 'healthy' : 'degraded',
      checks: { postgres: database.result, redis: redis.result },
      ...(!healthy && { reasons }),
      version,
    }
  })
}
