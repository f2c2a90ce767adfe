import type { FastifyInstance, RouteOptions } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { coalesce } from './coalesce.ts'
import { exportEventLoopLag } from './event-loop-lag.ts'
import type { Log } from './log.ts'
import { templateOf, UNMATCHED } from './route-template.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** no traffic: not in requests_total and request_duration_seconds, whatever it is answered */
    uncounted?: boolean
  }
}

/** Seconds; the SLO rules read le="0.5". */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Node.js accepts 35 methods. All others than these share one label value, so that clients cannot create series. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Prometheus sees no increase when a series begins with 1, so every rate would miss the first errors. */
const FORESEEN_STATUSES = [200, 500, 502, 503, 504]

/**
 * Counts and times every request by its outcome, and serves GET /metrics. The counters show what clients saw: rejections,
 * crashes of a handler, unknown paths and clients that left count too; probes do not. Series are bounded: routes × methods ×
 * statuses for the counter, routes × methods × buckets for the histogram; unknown paths and methods are one label value each.
 *
 * @returns the registry for a service's own metrics
 */
export function metrics(app: FastifyInstance, identity: { service: string; version: string }): Registry {
  const { service, version } = identity
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const stopLag = exportEventLoopLag(registry)
  app.addHook('onClose', async () => stopLag())
  new Gauge({ name: `${service}_build_info`, help: 'Always 1', labelNames: ['version'], registers }).set(
    { version },
    1,
  )
  const requests = new Counter({
    name: `${service}_requests_total`,
    help: 'Requests by what the client saw',
    labelNames: ['method', 'path', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: `${service}_request_duration_seconds`,
    help: 'Time from the request to the end of its response, without the wait for its body',
    labelNames: ['method', 'path'],
    buckets: DURATION_BUCKETS,
    registers,
  })
  const uncounted = new Set<string>()
  app.addHook('onRoute', (route) => {
    const path = templateOf(route.url)
    if (route.config?.uncounted) uncounted.add(path)
    if (!isForeseen(route)) return
    for (const method of [route.method].flat()) {
      for (const status of FORESEEN_STATUSES) requests.inc({ method, path, status }, 0)
      duration.zero({ method, path })
    }
  })
  app.outcomeListeners.push(({ method: sent, route, status, seconds }) => {
    if (uncounted.has(route)) return
    const method = METHODS.has(sent) ? sent : UNMATCHED
    requests.inc({ method, path: route, status })
    duration.observe({ method, path: route }, seconds)
  })
  countLogLines(service, app.log, registers)
  const text = coalesce(() => registry.metrics())
  app.get(
    '/metrics',
    { config: { ops: true, uncounted: true }, schema: { hide: true } },
    async (_request, reply) => reply.type(registry.contentType).send(await text(undefined)),
  )
  return registry
}

/** Routes for clients. Operations, and HEAD, which Fastify adds to each GET, have series after their first request. */
function isForeseen({ method, url, config, schema }: RouteOptions): boolean {
  const hidden = (schema as { hide?: boolean } | undefined)?.hide
  return !hidden && !config?.ops && method !== 'HEAD' && !url.includes('*')
}

function countLogLines(service: string, log: unknown, registers: Registry[]): void {
  const { linesByLevel } = log as Log
  new Counter({
    name: `${service}_log_lines_total`,
    help: 'Log lines by level',
    labelNames: ['level'],
    registers,
    collect() {
      this.reset()
      for (const [level, lines] of Object.entries(linesByLevel)) this.inc({ level }, lines)
    },
  })
}
