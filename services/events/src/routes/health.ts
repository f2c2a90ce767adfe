import type { App } from '@quickticket/kit/app'
import { type CheckResult, check } from '@quickticket/kit/health'
import { Type } from '@quickticket/kit/schema'

const Health = Type.Object({
  status: Type.String(),
  checks: Type.Object({ postgres: Type.String(), redis: Type.String() }),
  version: Type.String(),
})

const CHECK_TIMEOUT_MS = 1000

export interface Dependencies {
  /** rejects when PostgreSQL does not answer */
  askPostgres(): Promise<unknown>
  /** rejects when the hold store does not answer */
  askRedis(): Promise<unknown>
}

export function healthRoute(app: App, { askPostgres, askRedis }: Dependencies, version: string): void {
  const schema = { tags: ['operations'], summary: 'Own health', response: { 200: Health, 503: Health } }
  app.get('/health', { config: { ops: true }, schema }, async (_request, reply) => {
    const [postgres, redis] = await Promise.all([answers(askPostgres), answers(askRedis)])
    const healthy = postgres === 'ok' && redis === 'ok'
    reply.code(healthy ? 200 : 503)
    return { status: healthy ? 'healthy' : 'degraded', checks: { postgres, redis }, version }
  })
}

function answers(ask: () => Promise<unknown>): Promise<CheckResult> {
  return check(async () => {
    await ask()
    return 'ok'
  }, CHECK_TIMEOUT_MS)
}
