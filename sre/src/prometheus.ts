import { CannotTell } from './verb.ts'

export interface Sample {
  labels: Record<string, string>
  /** milliseconds since 1970 */
  at: number
  value: number
}

export interface Series {
  labels: Record<string, string>
  points: { at: number; value: number }[]
}

/** Prometheus' HTTP API. Every method throws CannotTell when Prometheus does not answer, or refuses the query. */
export interface Prometheus {
  url: string
  /** @param at milliseconds since 1970; by default now */
  query(expr: string, at?: number): Promise<Sample[]>
  /** The value of the first series; undefined when there is none. */
  value(expr: string, at?: number): Promise<number | undefined>
  /** At most 11,000 points for each series, as Prometheus allows. */
  range(expr: string, range: { fromMs: number; toMs: number; stepMs: number }): Promise<Series[]>
  /**
   * The samples as they were scraped, later than `fromMs` and until `toMs`; `range` would align them to its steps.
   *
   * @param selector without a function around it
   */
  samples(selector: string, period: { fromMs: number; toMs: number }): Promise<Series[]>
  /** Any path of the API, such as `/api/v1/rules`: its `data`. */
  get(path: string): Promise<unknown>
  /** Where a person sees the query. */
  linkTo(expr: string): string
}

const TIMEOUT_MS = 30_000

/** @param linkUrl where a browser reaches it; by default `url` */
export function createPrometheus(url: string, linkUrl = url): Prometheus {
  const base = url.replace(/\/+$/, '')

  async function ask(path: string, parameters?: Record<string, string>): Promise<unknown> {
    const answer = await fetch(`${base}${path}`, {
      ...(parameters && { method: 'POST', body: new URLSearchParams(parameters) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: Error) => {
      throw new CannotTell(`Prometheus does not answer: ${reasonOf(error)}`, base)
    })
    const body = (await answer.json().catch(() => ({}))) as { data?: unknown; error?: string }
    if (answer.ok) return body.data
    throw new CannotTell(
      `Prometheus answers ${answer.status}: ${body.error ?? 'no reason'}`,
      parameters?.query ?? `${base}${path}`,
    )
  }

  async function query(expr: string, at?: number): Promise<Sample[]> {
    const data = (await ask('/api/v1/query', {
      query: expr,
      ...(at !== undefined && { time: String(at / 1000) }),
    })) as QueryData
    if (data.resultType === 'scalar') {
      const [time, value] = data.result as [number, string]
      return [{ labels: {}, at: time * 1000, value: Number(value) }]
    }
    return (data.result as VectorResult[]).map(({ metric, value: [time, value] }) => ({
      labels: metric,
      at: time * 1000,
      value: Number(value),
    }))
  }

  return {
    url: base,
    query,
    value: async (expr, at) => (await query(expr, at))[0]?.value,
    async range(expr, { fromMs, toMs, stepMs }) {
      const data = (await ask('/api/v1/query_range', {
        query: expr,
        start: String(fromMs / 1000),
        end: String(toMs / 1000),
        step: String(stepMs / 1000),
      })) as { result: MatrixResult[] }
      return data.result.map(seriesOf)
    },
    async samples(selector, { fromMs, toMs }) {
      const data = (await ask('/api/v1/query', {
        query: `${selector}[${Math.round(toMs - fromMs)}ms]`,
        time: String(toMs / 1000),
      })) as { result: MatrixResult[] }
      return data.result.map(seriesOf)
    },
    get: (path) => ask(path),
    linkTo: (expr) =>
      `${linkUrl.replace(/\/+$/, '')}/graph?${new URLSearchParams({ 'g0.expr': expr, 'g0.tab': '1' })}`,
  }
}

function seriesOf({ metric, values }: MatrixResult): Series {
  return {
    labels: metric,
    points: values.map(([time, value]) => ({ at: Math.round(time * 1000), value: Number(value) })),
  }
}

function reasonOf(error: Error): string {
  const { cause } = error as { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? error.message
}

interface QueryData {
  resultType: string
  result: unknown
}

interface VectorResult {
  metric: Record<string, string>
  value: [number, string]
}

interface MatrixResult {
  metric: Record<string, string>
  values: [number, string][]
}
