import underPressure from '@fastify/under-pressure'
import type { App } from '@quickticket/kit/app'
import { template } from '@quickticket/kit/outcome'
import { unavailable } from '@quickticket/kit/problem'
import type { GatewayMetrics } from './metrics.ts'

/** Whoever is about to pay is turned away only when the event loop lags this many times more. */
const CHECKOUT_FACTOR = 4

/**
 * Turns requests away when the event loop lags by more than `maxLagMs` (0: never): reads first, since somebody who
 * lists can list again; those that reserve and pay much later; probes never.
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

/** It is infinite when the loop came back from a stall, and was asked before it was measured. */
function isMeasured(lagMs: number | undefined): lagMs is number {
  return Number.isFinite(lagMs)
}
