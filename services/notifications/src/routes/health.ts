import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import type { Config } from '../config.ts'

const Health = Type.Object(
  {
    status: Type.String({ examples: ['healthy'] }),
    failure_rate: Type.Number({ description: 'share of requests that fail on purpose', examples: [0] }),
    latency_ms: Type.Integer({ description: 'delay of each request on purpose', examples: [0] }),
    version: Type.String({ examples: ['1.0.0'] }),
  },
  { title: 'Health' },
)

export function healthRoute(app: App, config: Config, version: string): void {
  const schema = {
    tags: ['operations'],
    operationId: 'getHealth',
    summary: 'Health and the faults that are injected',
    description: 'Healthy whenever it answers: it depends on no other service.',
    response: { 200: Health },
  }
  app.get('/health', { config: { ops: true }, schema }, async () => ({
    status: 'healthy',
    failure_rate: config.NOTIFY_FAILURE_RATE,
    latency_ms: config.NOTIFY_LATENCY_MS,
    version,
  }))
}
