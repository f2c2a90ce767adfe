import type { App } from '@quickticket/kit/app'
import { type CheckResult, check } from '@quickticket/kit/health'
import { Type } from '@quickticket/kit/schema'
import { type Trace, traceOf } from '@quickticket/kit/trace'
import type { CircuitState } from '../breaker.ts'

const Health = Type.Object({
  status: Type.String(),
  checks: Type.Object({
    events: Type.String(),
    payments: Type.String(),
    circuit_payments: Type.String(),
    notifications: Type.Optional(Type.String()),
  }),
  version: Type.String(),
})

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

/** Only events and payments decide: a broken notifier is no reason to call the shop unwell. */
export function healthRoute(app: App, dependencies: Dependencies, version: string): void {
  const { events, payments, notifier, circuitState } = dependencies
  const schema = {
    tags: ['operations'],
    summary: 'Health of this service and of those it needs',
    response: { 200: Health, 503: Health },
  }
  app.get('/health', { config: { ops: true }, schema }, async (request, reply) => {
    const trace = traceOf(request.raw)
    const [eventsResult, paymentsResult, notificationsResult] = await Promise.all([
      ask(events, trace),
      ask(payments, trace),
      notifier && ask(notifier, trace),
    ])
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
