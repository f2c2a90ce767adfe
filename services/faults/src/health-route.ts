import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'

const Health = Type.Object(
  {
    status: Type.String({ examples: ['healthy'] }),
    failure_rate: Type.Number({ description: 'share of requests that fail on purpose', examples: [0] }),
    latency_ms: Type.Integer({ description: 'delay of each request on purpose', examples: [0] }),
    version: Type.String({ examples: ['1.0.0'] }),
  },
  { title: 'Health' },
)

/** Adds `/health` of a service without dependencies: healthy, with the failure rate and the latency in ms that its variables inject. */
export function healthRoute(
  app: App,
  { failureRate, latencyMs }: { failureRate: number; latencyMs: number },
  version: string,
): void {
  const schema = {
    tags: ['operations'],
    operationId: 'getHealth',
    summary: 'Health and the faults that are injected',
    description: 'Healthy whenever it answers: it depends on no other service.',
    response: { 200: Health },
  }
  app.get('/health', { config: { ops: true }, schema }, async () => ({
    status: 'healthy',
    failure_rate: failureRate,
    latency_ms: latencyMs,
    version,
  }))
}
