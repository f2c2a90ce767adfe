import { type OtlpReceiver, startOtlpReceiver } from '@quickticket/testing/otlp-receiver'
import type { ReceivedSpan } from '@quickticket/testing/otlp-spans'
import { startService } from '@quickticket/testing/service-process'
import { drawTrace } from '@quickticket/testing/trace-tree'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { startGateway } from '../src/extra-replicas.ts'
import { FAULT_ADMIN_TOKEN, setFaults } from '../src/fault-control.ts'
import { post } from '../src/http.ts'
import { startLocalSystem } from '../src/local-system.ts'
import { createShop, type Shop } from '../src/shop.ts'
import { addEvent, sql, withPostgres } from '../src/stores.ts'
import type { Environment, System } from '../src/system.ts'
import { asDrawn, type Caller, expectTree, newCaller, spansOf, tracesTo } from '../src/traced.ts'

let receiver: OtlpReceiver
let system: System
let shop: Shop
let eventId: number

beforeAll(async () => {
  receiver = await startOtlpReceiver()
  system = await startLocalSystem({
    ...tracesTo(receiver),
    FAULT_ADMIN_TOKEN,
    RECONCILE_INTERVAL_MS: '200',
    RETRY_MAX: '3',
    RETRY_BASE_DELAY_MS: '1',
  })
  shop = createShop(system.url.gateway)
  eventId = await addEvent(system, 100_000)
})
afterEach(() => Promise.all([faults('payments', ''), faults('events', '')]))
afterAll(async () => {
  await system?.close()
  await receiver.stop()
})

async function faults(service: 'payments' | 'events', text: string): Promise<void> {
  expect(await setFaults(system.url[service], text)).toMatchObject({ status: 200 })
}

/** Pays a new reservation, or this one, as a caller with a trace. */
async function pay(gatewayUrl: string, reservationId?: string) {
  const id = reservationId ?? (await createShop(gatewayUrl).reserved(eventId)).reservation_id
  const caller = newCaller()
  const answer = await post(`${gatewayUrl}/reserve/${id}/pay`, undefined, { headers: caller.headers })
  return { status: answer.status, reservationId: id, caller }
}

function openGateway(environment: Environment) {
  return startGateway(system, { ...tracesTo(receiver), ...environment })
}

const expectTraceOf = (caller: Caller, tree: string, shown?: string[]) =>
  expectTree(receiver, caller.traceId, tree, shown)

/** The tree of each trace that begins with this span. */
function tracesFrom(name: string, matches: (root: ReceivedSpan) => boolean = () => true): string[] {
  return receiver.spans
    .filter((span) => span.parentSpanId === undefined && span.name === name && matches(span))
    .map(({ traceId }) => drawTrace(spansOf(receiver, traceId)))
}

test('each attempt of a charge is a span, with its number and the fault that it met', async () => {
  await faults('payments', 'POST /charge 100% status=503')
  const { status, caller } = await pay(system.url.gateway)
  expect(status).toBe(503)
  const shown = ['http.response.status_code', 'error.type', 'http.request.resend_count', 'quickticket.fault']
  await expectTraceOf(
    caller,
    `
    gateway server POST /reserve/{id}/pay ERROR http.response.status_code=503 error.type=payment_failed
      * retry.scheduled attempt=2
      * retry.scheduled attempt=3
      gateway client POST /reservations/{id}/checkout http.response.status_code=200
        events server POST /reservations/{id}/checkout http.response.status_code=200
          events client checkout-begin
          events client EVALSHA prolong
          events client checkout-open
      gateway client POST /charge ERROR http.response.status_code=503 error.type=503
        payments server POST /charge ERROR http.response.status_code=503 error.type=injected_fault quickticket.fault=status
          * fault.injected quickticket.fault=status
      gateway client POST /charge ERROR http.response.status_code=503 error.type=503 http.request.resend_count=1
        payments server POST /charge ERROR http.response.status_code=503 error.type=injected_fault quickticket.fault=status
          * fault.injected quickticket.fault=status
      gateway client POST /charge ERROR http.response.status_code=503 error.type=503 http.request.resend_count=2
        payments server POST /charge ERROR http.response.status_code=503 error.type=injected_fault quickticket.fault=status
          * fault.injected quickticket.fault=status`,
    [...shown, 'attempt'],
  )
})

test('FAULTS_SEALED: spans do not tell that a fault was injected', async () => {
  const payments = await startService('payments', {
    ...tracesTo(receiver),
    FAULTS: 'POST /charge 100% status=503',
    FAULTS_SEALED: 'true',
  })
  const caller = newCaller()
  await post(`${payments.url}/charge`, { reservation_id: 'r-1', amount: 1 }, { headers: caller.headers })
  await expectTraceOf(caller, 'payments server POST /charge ERROR')
  expect(JSON.stringify(spansOf(receiver, caller.traceId)[0]?.attributes)).not.toContain('fault')
})

test('a charge without an answer is a timeout, and the client of payments has left', async () => {
  const gateway = await openGateway({ GATEWAY_TIMEOUT_MS: '1500' })
  await faults('payments', 'POST /charge 100% hang')
  const { status, caller } = await pay(gateway.url)
  expect(status).toBe(504)
  await expectTraceOf(
    caller,
    `
    gateway server POST /reserve/{id}/pay ERROR http.response.status_code=504 error.type=payment_timeout
      gateway client POST /reservations/{id}/checkout http.response.status_code=200
        events server POST /reservations/{id}/checkout http.response.status_code=200
          events client checkout-begin
          events client EVALSHA prolong
          events client checkout-open
      gateway client POST /charge ERROR error.type=timeout
        payments server POST /charge http.response.status_code=499
          * fault.injected`,
    ['http.response.status_code', 'error.type'],
  )
})

test('an open circuit is an event, and no call', async () => {
  const gateway = await openGateway({ CB_FAILURE_THRESHOLD: '1', CB_COOLDOWN_S: '60' })
  await faults('payments', 'POST /charge 100% status=500')
  const checkout = `gateway client POST /reservations/{id}/checkout
        events server POST /reservations/{id}/checkout
          events client checkout-begin
          events client EVALSHA prolong
          events client checkout-open`
  const opening = await pay(gateway.url)
  await expectTraceOf(
    opening.caller,
    `
    gateway server POST /reserve/{id}/pay ERROR error.type=payment_failed
      * circuit.transition to=OPEN
      ${checkout}
      gateway client POST /charge ERROR error.type=500
        payments server POST /charge ERROR error.type=injected_fault
          * fault.injected`,
    ['error.type', 'to'],
  )
  const refused = await pay(gateway.url)
  expect(refused.status).toBe(503)
  await expectTraceOf(
    refused.caller,
    `
    gateway server POST /reserve/{id}/pay ERROR error.type=circuit_open
      * circuit.refused
      ${checkout}`,
    ['error.type'],
  )
})

test('a client that leaves has status 499, and its reservation is taken back in a trace of its own', async () => {
  await faults('events', 'POST /events/{id}/reserve 100% latency=2s')
  const caller = newCaller()
  const leaving = new AbortController()
  const left = post(
    `${system.url.gateway}/events/${eventId}/reserve`,
    { quantity: 1 },
    { headers: caller.headers, signal: leaving.signal },
  )
  await eventually(() => system.logs('events').some(({ text }) => text.includes(caller.traceId)), true)
  leaving.abort()
  await expect(left).rejects.toThrow()
  await expectTraceOf(
    caller,
    `
    gateway server POST /events/{id}/reserve http.response.status_code=499
      gateway client POST /events/{id}/reserve ERROR http.response.status_code=409
        events server POST /events/{id}/reserve http.response.status_code=409
          * fault.injected
          events client events-find
          events client EVALSHA reserve`,
    ['http.response.status_code'],
  )
  const takenBack = asDrawn(`
    gateway internal take a reservation back
      gateway client POST /reservations/take-back
        events server POST /reservations/take-back
          events client EVALSHA take_back`)
  await eventually(() => tracesFrom('take a reservation back'), [takenBack])
})

const UNTIL_CONFIRM = `gateway client POST /reservations/{id}/checkout
        events server POST /reservations/{id}/checkout
          events client checkout-begin
          events client EVALSHA prolong
          events client checkout-open
      gateway client POST /charge
        payments server POST /charge`

test('when events crashes, the trace ends at the call that it broke, and the next payment has a whole one', async () => {
  const broken = await crashDuringConfirm()
  expect(broken.status).toBe(502)
  await expectTraceOf(
    broken.caller,
    `
    gateway server POST /reserve/{id}/pay ERROR error.type=events_unavailable
      ${UNTIL_CONFIRM}
      gateway client POST /reservations/{id}/confirm ERROR error.type=unreachable`,
    ['error.type'],
  )
  const again = await pay(system.url.gateway, broken.reservationId)
  expect(again.status).toBe(200)
  await expectTraceOf(
    again.caller,
    `
    gateway server POST /reserve/{id}/pay
      ${UNTIL_CONFIRM}
      gateway client POST /reservations/{id}/confirm
        events server POST /reservations/{id}/confirm
          events client checkout-confirm
          events client EVALSHA complete
      gateway client POST /notify
        notifications server POST /notify`,
  )
})

test('a charge that is given back is a trace of its own', async () => {
  const { reservationId } = await crashDuringConfirm()
  await sql(
    system,
    `UPDATE checkouts SET charge_before = now() - interval '3 s', expires_at = now() - interval '1 s'
     WHERE reservation_id = $1`,
    [reservationId],
  )
  const ofIt = ({ attributes }: ReceivedSpan) => attributes['quickticket.reservation_id'] === reservationId
  const voided = asDrawn(`
    events internal void charge
      events client POST /void
        payments server POST /void
      events client checkout-voided`)
  await eventually(() => tracesFrom('void charge', ofIt), [voided])
})

/** Pays, and ends events without a warning while it confirms the order; then starts it again. */
async function crashDuringConfirm() {
  const { reservation_id } = await shop.reserved(eventId)
  const paid = await withPostgres(system.postgres, async (client) => {
    await client.query('BEGIN')
    // orders can be read, as the checkout does, and not be written
    await client.query('LOCK TABLE orders IN EXCLUSIVE MODE')
    const paying = pay(system.url.gateway, reservation_id)
    const waiting = () => client.query('SELECT FROM pg_locks WHERE NOT granted')
    await eventually(async () => (await waiting()).rowCount, 1)
    const exported = () =>
      receiver.spans.some(
        ({ name, attributes }) =>
          name === 'POST /reservations/{id}/checkout' &&
          attributes['url.path'] === `/reservations/${reservation_id}/checkout`,
      )
    await eventually(exported, true)
    await system.kill('events')
    // PostgreSQL would finish the statement of a client that is gone
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted')
    await client.query('ROLLBACK')
    return paying
  })
  await system.start('events')
  return paid
}
