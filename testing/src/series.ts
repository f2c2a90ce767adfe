import type { App } from '@quickticket/kit/app'
import { parseMetrics } from './prometheus-text.ts'

/** The value of every series whose name begins like this, by its name and labels as Prometheus spells them. */
export async function series(app: App, name: string): Promise<Record<string, number>> {
  const { payload } = await app.inject('/metrics')
  const { samples } = parseMetrics(payload)
  return Object.fromEntries(
    samples.filter((sample) => sample.series.startsWith(name)).map(({ series, value }) => [series, value]),
  )
}

/** The same without what has not happened yet. */
export async function counted(app: App, name: string): Promise<Record<string, number>> {
  return Object.fromEntries(Object.entries(await series(app, name)).filter(([, value]) => value !== 0))
}
