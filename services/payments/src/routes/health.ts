import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import type { Config } from '../config.ts'

const Health = Type.Object({
  status: Type.String(),
  failure_rate: Type.Number(),
  latency_ms: Type.Integer(),
  version: Type.String(),
})

export function healthRoute(app: App, config: Config, version: string): void {
  const schema = {
    tags: ['operations'],
    summary: 'Health and the faults that are injected',
    response: { 200: Health },
  }
  app.get('/health', { config: { ops: true }, schema }, async () => ({
    status: 'healthy',
    failure_rate: config.PAYMENT_FAILURE_RATE,
    latency_ms: config.PAYMENT_LATENCY_MS,
    version,
  }))
}
