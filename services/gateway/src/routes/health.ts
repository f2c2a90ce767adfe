import type { App } from '@quickticket/kit/app'
import { coalesce } from '@quickticket/kit/coalesce'
import { type CheckResult, check, SHARED_CHECK_MS } from '@quickticket/kit/health'
import { Type } from '@quickticket/kit/schema'
import type { Trace } from '@quickticket/kit/trace'
import type { CircuitState } from '../policies/breaker.ts'

const Check = Type.Enum(['ok', 'degraded', 'down'], { examples: ['ok'] })

const Health = Type.Object(
  {
    status: Type.String({ enum: ['healthy', 'degraded'], examples: ['healthy'] }),
    checks: Type.Object({
      events: Check,
      payments: Check,
      circuit_payments: Type.Enum(['CLOSED', 'OPEN', 'HALF_OPEN'], { examples: ['CLOSED'] }),
      notifications: Type.Optional(Check),
    }),
    version: Type.String({ examples: ['1.0.0'] }),
  },
  { title: 'Health' },
)

const CHECK_TIMEOUT_MS = 2000

interface Checkable {
  health(timeoutMs: number, trace: Trace): Promise<number>
}

export interface Dependencies {
  events: Checkable
  payments: Checkable
  notifier: Checkable | undefined
  circuitState(): CircuitState
}

/** Only events and payments decide: the shop works without notifications. */
export function healthRoute(app: App, dependencies: Dependencies, version: string): void {
  const { events, payments, notifier, circuitState } = dependencies
  const schema = {
    tags: ['operations'],
    operationId: 'getHealth',
    summary: 'Health of this service and of those it needs',
    description: 'Degraded, and 503, while events or payments cannot do their work.',
    response: { 200: Health, 503: Health },
  }
  let asking: Trace
  const askAll = coalesce(
    () => Promise.all([ask(events, asking), ask(payments, asking), notifier && ask(notifier, asking)]),
    { everyMs: SHARED_CHECK_MS },
  )
  app.get('/health', { config: { ops: true }, schema }, async (request, reply) => {
    asking = request.trace
    const [eventsResult, paymentsResult, notificationsResult] = await askAll(undefined)
    const healthy = eventsResult === 'ok' && paymentsResult === 'ok'
    reply.code(healthy ? 200 : 503)
    return {
      status: healthy ? 'healthy' : 'degraded',
      checks: {
        events: eventsResult,
        payments: paymentsResult,
        circuit_payments: circuitState(),
        ...(notificationsResult && { notifications: notificationsResult }),
      },
      version,
    }
  })
}

function ask(dependency: Checkable, trace: Trace): Promise<CheckResult> {
  return check(
    async () => ((await dependency.health(CHECK_TIMEOUT_MS, trace)) === 200 ? 'ok' : 'degraded'),
    CHECK_TIMEOUT_MS,
  )
}
