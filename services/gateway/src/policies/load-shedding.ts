import underPressure from '@fastify/under-pressure'
import type { App } from '@quickticket/kit/app'
import { unavailable } from '@quickticket/kit/problem'
import { template } from '@quickticket/kit/route-template'
import type { GatewayMetrics } from '../metrics.ts'

/** Reserving and paying are rejected only at this many times the lag. */
const CHECKOUT_FACTOR = 4

/**
 * Rejects requests while the event loop lags by more than `maxLagMs` (0: never): reads first, because a list is easily
 * repeated; reserving and paying much later; probes never.
 */
export async function shedLoad(app: App, maxLagMs: number, shed: GatewayMetrics['shed']): Promise<void> {
  if (maxLagMs === 0) return
  await app.register(underPressure, {
    maxEventLoopDelay: maxLagMs,
    sampleInterval: 100,
    pressureHandler(request, _reply, _type, lagMs) {
      if (request.routeOptions.config.ops) return
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      if (!isRead && !(isMeasured(lagMs) && lagMs >= maxLagMs * CHECKOUT_FACTOR)) return
      shed.inc({ path: template(request) })
      throw unavailable('overloaded', 'Too busy at the moment, try again')
    },
  })
}

/** The lag is infinite when it is read after a stall and before the next measurement. */
function isMeasured(lagMs: number | undefined): lagMs is number {
  return Number.isFinite(lagMs)
}
