import { type Metrics, parseMetrics } from '@quickticket/testing/prometheus-text'
import { get } from './http.ts'

/** Reads the /metrics of a service. */
export async function scrape(serviceUrl: string): Promise<Metrics> {
  const { text } = await get(`${serviceUrl}/metrics`)
  return parseMetrics(text)
}
