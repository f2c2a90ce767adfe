import { SERVICES } from '@quickticket/contract/services'
import { expect } from 'vitest'
import { kubectl } from './kubectl.ts'
import { type LoadReport, lostOf, startLoad } from './load.ts'
import { audit, ordersOf, podsOf } from './production.ts'
import { until } from './wait.ts'

const BUYERS_PER_SECOND = 20
/** The pods that sell, and their stores. */
export const SELLING = `app in (${SERVICES.join()},postgres,redis)`

export interface Disturbance {
  report: LoadReport
  /** pods with a container that was started again */
  restarted: string[]
  /** what buyers saw, for a table */
  row: Record<string, string | number>
}

/**
 * Does something bad while buyers come, waits until they can buy again, and asserts that no order that a buyer was told of is missing
 * and that the audit finds nothing.
 */
export async function disturb(
  namespace: string,
  what: string,
  work: () => Promise<void>,
): Promise<Disturbance> {
  const before = new Map((await podsOf(namespace, SELLING)).map(({ name, restarts }) => [name, restarts]))
  const ordersBefore = await ordersOf(namespace)
  const load = await startLoad({ namespace, name: 'buyers', buyersPerSecond: BUYERS_PER_SECOND })
  const startedAt = performance.now()
  await work()
  const ready = Math.round((performance.now() - startedAt) / 1000)
  const isPaid = (status: number) => status === 200
  // twice: connections that are kept may still lead to what is gone
  for (let times = 0; times < 2; times += 1) await until('a purchase', () => purchase(namespace), isPaid)
  const report = await load.stop()

  expect((await ordersOf(namespace)) - ordersBefore).toBeGreaterThanOrEqual(report.orders)
  await until(
    'the audit',
    () => audit(namespace),
    ({ code }) => code === 0,
    60_000,
  )
  const pods = await podsOf(namespace, SELLING)
  const restarted = pods.filter(({ name, restarts }) => restarts > (before.get(name) ?? 0))
  return { report, restarted: restarted.map(({ name }) => name), row: rowOf(what, ready, report) }
}

function rowOf(what: string, ready: number, report: LoadReport): Disturbance['row'] {
  const broken = report.seconds.filter(({ broken }) => broken > 0)
  const [first] = broken
  return {
    what,
    'ready after s': ready,
    requests: report.requests,
    lost: lostOf(report),
    '5xx': report.serverErrors,
    refused: report.refused,
    reset: report.reset,
    timeout: report.timeout,
    'seconds with a loss': broken.length,
    'from first to last, s': first ? (broken.at(-1)?.second ?? 0) - first.second + 1 : 0,
  }
}

/** One buyer from within the cluster, on a new connection. @returns the status of the pay */
async function purchase(namespace: string): Promise<number> {
  const script = `
    const post = (path, body) => fetch('http://gateway:8080' + path, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const { reservation_id } = await (await post('/events/1/reserve', { quantity: 1 })).json()
    console.log((await post('/reserve/' + reservation_id + '/pay', {})).status)`
  const client = ['exec', '-n', namespace, 'buyers', '--', 'node', '--input-type=module', '-e', script]
  return Number(await kubectl(client, { timeoutMs: 30_000 }))
}
