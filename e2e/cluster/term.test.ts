import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyObjects, kubectl } from '../src/cluster/kubectl.ts'
import { audit, ordersOf, sql } from '../src/cluster/production.ts'
import { awaitWorkloads } from '../src/cluster/state.ts'
import { until } from '../src/cluster/wait.ts'

const NAMESPACE = 'quickticket-test-term'
/** What the two clients of lab 8 sell in five labs of four hours, in the events that the labs' clients use. */
const SOLD_IN_A_TERM = 100_000
const USED_EVENTS = [1, 3, 5]
/** A hall that is half empty after some ten seconds of these clients, in place of hours. */
const SEATS = 200

beforeAll(async () => {
  await applyObjects([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }])
  for (const path of ['base', 'components/mixedload'])
    await kubectl(['apply', '-n', NAMESPACE, '-f', '-'], {
      input: await kubectl(['kustomize', `k8s/${path}`]),
    })
  await kubectl(['set', 'env', 'deployment/refill', '-n', NAMESPACE, `SEATS=${SEATS}`])
  await awaitWorkloads(NAMESPACE)
})
afterAll(() => kubectl(['delete', 'namespace', NAMESPACE, '--timeout=180s']))

test('after the sales of a term, clients still buy, and none of them is told that seats are sold out', async () => {
  for (const event of USED_EVENTS) await sellATerm(event)
  const seats = await until(
    'halls that have grown',
    () => Promise.all(USED_EVENTS.map(seatsOf)),
    (halls) => halls.every(({ free }) => free >= SEATS / 2),
    120_000,
  )
  const soldOut = await soldOutAnswers()
  const before = await ordersOf(NAMESPACE)

  await until(
    'event 3 to grow three times',
    () => seatsOf(3),
    ({ total }) => total - (seats[1]?.total ?? 0) > 2.5 * (SEATS / 2),
    300_000,
  )
  expect(await ordersOf(NAMESPACE)).toBeGreaterThan(before + SEATS)
  expect(await soldOutAnswers()).toBe(soldOut)
  for (const event of USED_EVENTS) expect((await seatsOf(event)).free).toBeGreaterThan(0)
})

test('what was sold is what was ordered, and the audit is clean', async () => {
  const wrong = `SELECT count(*) FROM events e
    WHERE e.sold <> (SELECT coalesce(sum(quantity), 0) FROM orders o WHERE o.event_id = e.id) OR e.sold > e.total_tickets`
  expect(await sql(NAMESPACE, wrong)).toBe('0')
  const { code, stdout } = await audit(NAMESPACE)
  expect([code, stdout]).toEqual([0, expect.stringContaining('ok: oversold=0 double_charge=0')])
})

test('a hall that was emptied by hand is filled by hand', async () => {
  await kubectl(['scale', 'deployment/refill', 'deployment/mixedload', '-n', NAMESPACE, '--replicas=0'])
  await kubectl([
    'wait',
    '--for=delete',
    'pod',
    '-l',
    'app in (refill,mixedload)',
    '-n',
    NAMESPACE,
    '--timeout=120s',
  ])
  await sql(NAMESPACE, 'UPDATE events SET total_tickets = sold WHERE id = 4')
  const before = await soldOutAnswers()
  expect(await reserve(4)).toBe('409')
  // what the first test counts
  expect(await soldOutAnswers()).toBe(before + 1)
  const program = ['node', 'services/events/src/refill/main.ts']
  const said = await inContainer('events', program)
  expect(said).toMatch(/^event 4 {2}Python Workshop +\+25, 25 of 25 seats are free$/m)
  expect(await reserve(4)).toBe('200')
})

/** Orders of one seat each, until the event is sold out. */
async function sellATerm(event: number): Promise<void> {
  const sold = `SELECT 'term-${event}-' || n AS id FROM generate_series(1, ${SOLD_IN_A_TERM}) AS n`
  const statements = [
    `UPDATE events SET total_tickets = total_tickets + ${SOLD_IN_A_TERM} WHERE id = ${event}`,
    `INSERT INTO checkouts (reservation_id, event_id, quantity, total_cents, state, payment_ref, charge_before, expires_at)
     SELECT id, ${event}, 1, 1000, 'confirmed', 'PAY-00000000', now(), now() FROM (${sold}) AS sold`,
    `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
     SELECT id, ${event}, 1, 1000, 'PAY-00000000' FROM (${sold}) AS sold`,
    `UPDATE events SET total_tickets = sold WHERE id = ${event}`,
  ]
  await sql(NAMESPACE, `BEGIN; ${statements.join('; ')}; COMMIT`)
}

async function seatsOf(event: number): Promise<{ free: number; total: number }> {
  const row = await sql(
    NAMESPACE,
    `SELECT total_tickets - sold, total_tickets FROM events WHERE id = ${event}`,
  )
  const [free = 0, total = 0] = row.split('|').map(Number)
  return { free, total }
}

/** Reservations that the gateway has answered 409. */
async function soldOutAnswers(): Promise<number> {
  const program = "fetch('http://127.0.0.1:8080/metrics').then((r) => r.text()).then(console.log)"
  const metrics = await inContainer('gateway', ['node', '-e', program])
  const counted = /^gateway_requests_total\{.*path="\/events\/\{id\}\/reserve".*status="409".*\} (\d+)/m.exec(
    metrics,
  )
  return Number(counted?.[1] ?? 0)
}

/** @returns the status of the answer */
async function reserve(event: number): Promise<string> {
  const request = `{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"quantity":1}' }`
  const url = `http://127.0.0.1:8080/events/${event}/reserve`
  const program = `fetch('${url}', ${request}).then((r) => console.log(r.status))`
  return (await inContainer('gateway', ['node', '-e', program])).trim()
}

function inContainer(app: string, command: string[]): Promise<string> {
  return kubectl(['exec', '-n', NAMESPACE, `deployment/${app}`, '-c', app, '--', ...command])
}
