import { connectTo, httpRequest } from './http-connection.ts'
import type { LatencyJob } from './load-process.ts'

/** Asks every address in turn at a low fixed rate, so that all see the same machine; medians in milliseconds. */
export async function measureTurns({ urls, path, perSecond, seconds }: LatencyJob): Promise<number[]> {
  const targets = urls.map((url) => ({ connection: connectTo(url), took: [] as number[] }))
  const request = httpRequest('GET', path)
  const startedAt = performance.now()
  const total = Math.round(perSecond * seconds)
  for (let asked = 0; asked < total; asked += 1) {
    const leftMs = startedAt + (asked * 1000) / perSecond - performance.now()
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs))
    const target = targets[asked % targets.length] as (typeof targets)[number]
    const sentAt = performance.now()
    const { status } = await target.connection.send(request)
    if (status !== 200) throw new Error(`GET ${path} was answered ${status}`)
    // the first tenth warms up
    if (asked >= total / 10) target.took.push(performance.now() - sentAt)
  }
  for (const { connection } of targets) connection.close()
  return targets.map(({ took }) => took.sort((a, b) => a - b)[Math.floor(took.length / 2)] as number)
}
