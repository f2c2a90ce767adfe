import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
} from 'prom-client'
import { coalesce } from './coalesce.ts'
import { exportEventLoopLag } from './event-loop-lag.ts'
import { knownMethod } from './http-methods.ts'
import type { Log } from './log.ts'
import { inOpenMetrics, prefersOpenMetrics } from './open-metrics.ts'
import { templateOf, UNMATCHED } from './route-template.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** no traffic: not in requests_total and request_duration_seconds, whatever it is answered */
    uncounted?: boolean
  }
}

/** Seconds; the SLO rules read le="0.5". */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Prometheus sees no increase when a series begins with 1, so every rate would miss the first errors. */
const FORESEEN_STATUSES = [200, 500, 502, 503, 504]

/** The flag of W3C Trace Context. */
const SAMPLED = 1

/**
 * Counts and times every request by its outcome, and serves GET /metrics. The counters show what clients saw: rejections,
 * crashes of a handler, unknown paths and clients that left count too; probes do not. Series are bounded: routes × methods ×
 * statuses for the counter, routes × methods × buckets for the histogram; unknown paths and methods are one label value each.
 * While tracing is on, each bucket keeps its last sampled request as its exemplar, for scrapers that ask for OpenMetrics.
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
    enableExemplars: app.tracing !== undefined,
    registers: [],
  })
  // the constructor refuses a plain registry for exemplars, which the plain text leaves out
  registry.registerMetric(duration)
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
  app.outcomeListeners.push(({ method: sent, route, status, seconds }, request: MaybeTraced) => {
    if (uncounted.has(route)) return
    const method = knownMethod(sent) ?? UNMATCHED
    const labels = { method, path: route }
    requests.inc({ ...labels, status })
    if (!app.tracing) duration.observe(labels, seconds)
    else duration.observe({ labels, value: seconds, exemplarLabels: exemplarOf(request) })
  })
  countLogLines(service, app.log, registers)
  app.tracing?.exportMetrics(registry)
  const text = coalesce((type: RegistryContentType) =>
    type === registry.contentType ? registry.metrics() : inOpenMetrics(registry).metrics(),
  )
  app.get(
    '/metrics',
    { config: { ops: true, uncounted: true }, schema: { hide: true } },
    async ({ headers }, reply) => {
      const isOpen = app.tracing !== undefined && prefersOpenMetrics(headers.accept)
      const type = isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : registry.contentType
      return reply.type(type).send(await text(type))
    },
  )
  return registry
}

/** Routes for clients. Operations, and HEAD, which Fastify adds to each GET, have series after their first request. */
function isForeseen({ method, url, config, schema }: RouteOptions): boolean {
  const hidden = (schema as { hide?: boolean } | undefined)?.hide
  return !hidden && !config?.ops && method !== 'HEAD' && !url.includes('*')
}

/** Bytes that are no HTTP have no trace. */
type MaybeTraced = Pick<FastifyRequest, 'log'> & Partial<Pick<FastifyRequest, 'trace'>>

/** The labels that lead from a bucket to the trace of a request; none where the trace is not sampled. */
function exemplarOf({ trace }: MaybeTraced): Record<string, string> {
  if (!trace?.span) return {}
  const { traceId, spanId, traceFlags } = trace.span.spanContext()
  return (traceFlags & SAMPLED) === 0 ? {} : { trace_id: traceId, span_id: spanId }
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
