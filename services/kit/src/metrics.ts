import type { FastifyInstance, RouteOptions } from 'fastify'
import { exportEventLoopPeak } from './event-loop-peak.ts'
import type { Log } from './log.ts'
import { UNMATCHED } from './outcome.ts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from './prometheus.ts'
import { shareNext } from './share-next.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** no traffic: not in requests_total and request_duration_seconds, whatever it is answered */
    uncounted?: boolean
  }
}

/** Seconds; the SLO rules read le="0.5". */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Node.js reads 35 methods: what is none of these is one label value, so that no client can make series by inventing. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Prometheus sees no increase when a series begins with 1, so the first errors would be missing from every rate. */
const FORESEEN_STATUSES = [200, 500, 502, 503, 504]

/**
 * Counts and times every request by its outcome, and serves GET /metrics. What is counted is what the client saw:
 * rejections, crashes of a handler, unknown paths and clients that left included; probes are no traffic. However clients ask,
 * there are at most as many series as routes × methods × statuses, and for the times routes × methods × buckets; all other
 * paths are one route, all other methods one method.
 *
 * @returns the registry for a service's own metrics
 */
export function metrics(app: FastifyInstance, identity: { service: string; version: string }): Registry {
  const { service, version } = identity
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const stopPeak = exportEventLoopPeak(registry)
  app.addHook('onClose', async () => stopPeak())
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
    const path = route.url.replace(/:(\w+)/g, '{$1}')
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
  const text = shareNext(() => registry.metrics())
  app.get(
    '/metrics',
    { config: { ops: true, uncounted: true }, schema: { hide: true } },
    async (_request, reply) => reply.type(registry.contentType).send(await text(undefined)),
  )
  return registry
}

/** What is there for clients; HEAD, which Fastify adds to each GET, and operations are counted when they come. */
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
