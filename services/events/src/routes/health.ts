import type { App } from '@quickticket/kit/app'
import { type CheckResult, check } from '@quickticket/kit/health'
import { Type } from '@quickticket/kit/schema'
import type { DatabaseCheck } from '../database-check.ts'

const Health = Type.Object({
  status: Type.String(),
  checks: Type.Object({ postgres: Type.String(), redis: Type.String() }),
  reasons: Type.Optional(
    Type.Object({ postgres: Type.Optional(Type.String()), redis: Type.Optional(Type.String()) }),
  ),
  version: Type.String(),
})

const CHECK_TIMEOUT_MS = 1000

export interface Dependencies {
  /** says whether GET /events could be answered now */
  checkDatabase(): Promise<DatabaseCheck>
  /** rejects when the hold store does not answer */
  askRedis(): Promise<unknown>
}

export function healthRoute(app: App, { checkDatabase, askRedis }: Dependencies, version: string): void {
  const schema = { tags: ['operations'], summary: 'Own health', response: { 200: Health, 503: Health } }
  app.get('/health', { config: { ops: true }, schema }, async (_request, reply) => {
    const [database, redis] = await Promise.all([checkDatabase(), answers(askRedis)])
    const reasons = {
      ...(database.reason !== undefined && { postgres: database.reason }),
      ...(redis !== 'ok' && { redis: 'Redis does not answer: reservations and payments are refused' }),
    }
    const healthy = database.result === 'ok' && redis === 'ok'
    reply.code(healthy ? 200 : 503)
    return {
      status: healthy ? 'healthy' : 'degraded',
      checks: { postgres: database.result, redis },
      ...(!healthy && { reasons }),
      version,
    }
  })
}

function answers(ask: () => Promise<unknown>): Promise<CheckResult> {
  return check(async () => {
    await ask()
    return 'ok'
  }, CHECK_TIMEOUT_MS)
}
