import { kubectl } from './kubectl.ts'

/** A sample of an instant query: its labels and its value. */
export interface Sample {
  labels: Record<string, string>
  value: number
}

/** Asks the Prometheus of the labs, by its Service, through the API server. */
export async function ask(query: string): Promise<Sample[]> {
  const path = '/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query'
  const answer = await kubectl(['get', '--raw', `${path}?query=${encodeURIComponent(query)}`])
  const { data } = JSON.parse(answer) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
}

/** The value of a query that answers one sample; NaN where it answers none. */
export async function askNumber(query: string): Promise<number> {
  const [sample] = await ask(query)
  return sample?.value ?? Number.NaN
}
