import { Counter, type OpenMetricsContentType, Registry } from 'prom-client'

/**
 * The metrics of a plain registry in OpenMetrics, the text format that carries exemplars. Series have the same names and
 * values in both. It is made for each text: one registry cannot have two formats, because the text of the second one changes
 * the names of its counters.
 */
export function inOpenMetrics(plain: Registry): Registry<OpenMetricsContentType> {
  const view = new Registry<OpenMetricsContentType>()
  view.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  for (const { name } of plain.getMetricsAsArray()) {
    const metric = plain.getSingleMetric(name)
    if (metric) view.registerMetric(metric instanceof Counter ? renamed(metric, name) : metric)
  }
  return view
}

/** OpenMetrics calls a counter by the name of its series without `_total`. A series without it cannot be a counter's. */
function renamed(counter: Counter, name: string): Counter {
  const family = name.endsWith('_total') ? { name: name.replace(/_total$/, '') } : { name, type: 'unknown' }
  return Object.assign(Object.create(counter), {
    get: async () => ({ ...(await counter.get()), ...family }),
  })
}

/**
 * Whether an Accept header asks for OpenMetrics 1.0.0 rather than for plain text 0.0.4.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110.html#name-accept
 */
export function prefersOpenMetrics(accept = ''): boolean {
  const ranges = accept.toLowerCase().split(',').map(parseRange)
  return weightOf('application/openmetrics-text', '1.0.0', ranges) > weightOf('text/plain', '0.0.4', ranges)
}

interface MediaRange {
  type: string
  version: string | undefined
  weight: number
}

function parseRange(range: string): MediaRange {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
  const parameter = (name: string) =>
    parameters.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
  return { type, version: parameter('version'), weight: Number(parameter('q') ?? 1) }
}

/** Of the ranges that a type is in, the most specific ones count. */
function weightOf(type: string, version: string, ranges: MediaRange[]): number {
  const accepted = ranges.filter((range) => range.version === undefined || range.version === version)
  for (const pattern of [type, type.replace(/\/.*/, '/*'), '*/*']) {
    const weights = accepted.filter((range) => range.type === pattern).map(({ weight }) => weight)
    if (weights.length > 0) return Math.max(...weights)
  }
  return 0
}
