import { waitUntil } from '@quickticket/local/wait'
import { post, request } from '../http.ts'
import type { Held } from './gate.ts'
import type { Actor, ReplaySystem } from './replay-system.ts'

/** A process of the trace: a request to one replica, stopped before each of its steps. */
export interface Process {
  /** the step before which it stands; undefined once it is over */
  next(): string | undefined
  /** Takes that step, and waits until it stands before the next one or is over. */
  step(): Promise<void>
  /** It is not stopped any more. */
  finish(): Promise<void>
}

interface Stop {
  name: string
  hold(): Holding | Promise<Holding>
}

type Holding = Pick<Held, 'arrived' | 'pass'>

export interface Reservation {
  id: string
  eventId: number
}

export interface PayOptions {
  chargeWithinMs: number
  /** the payment has come so far already */
  from?: 'pay.clock' | 'pay.check'
}

/** @param stops the steps of the process, in their order */
async function startProcess(stops: Stop[], run: () => Promise<unknown>): Promise<Process> {
  let over = false
  let current: { name: string; held: Holding } | undefined
  const arm = async () => {
    const stop = stops.shift()
    return stop && { name: stop.name, held: await stop.hold() }
  }
  current = await arm()
  const done = run()
    .catch(() => undefined)
    .then(() => {
      over = true
    })
  await Promise.race([current?.held.arrived, done])

  return {
    next: () => (over ? undefined : current?.name),
    async step() {
      const following = await arm()
      current?.held.pass()
      current = following
      await Promise.race([following ? following.held.arrived : done, done])
    },
    async finish() {
      stops.length = 0
      current?.held.pass()
      await done
    },
  }
}

/** A stop in this process, where it acts for the gateway. */
function createLocalStop(name: string): Stop & { reach(): Promise<void> } {
  const arrival = Promise.withResolvers<string>()
  const passing = Promise.withResolvers<void>()
  return {
    name,
    hold: () => ({ arrived: arrival.promise, pass: passing.resolve }),
    async reach() {
      arrival.resolve(name)
      await passing.promise
    },
  }
}

/** Pays as the gateway does: checkout, charge, confirm. A refusal ends it. */
export async function startPayment(
  system: ReplaySystem,
  actor: Actor,
  { id }: Reservation,
  { chargeWithinMs, from = 'pay.clock' }: PayOptions,
): Promise<Process> {
  const { url, postgres, redis } = system.events[actor]
  const beforeCharge = createLocalStop('pay.charge')
  const stops: Stop[] = [
    { name: 'pay.clock', hold: () => postgres.hold('checkout-begin', id) },
    { name: 'pay.prolong', hold: () => redis.hold(id) },
    { name: 'pay.open', hold: () => postgres.hold('checkout-open', id) },
    beforeCharge,
    { name: 'pay.check', hold: () => postgres.hold('checkout-confirm', id) },
    createCommitStop(system, id),
    { name: 'pay.complete', hold: () => redis.hold(id) },
  ]
  return startProcess(stops.slice(stops.findIndex(({ name }) => name === from)), async () => {
    const checkout = await post<{ total_cents: number; charge_before?: number }>(
      `${url}/reservations/${id}/checkout`,
      { charge_within_ms: chargeWithinMs },
    )
    if (checkout.status !== 200 || checkout.json.charge_before === undefined) return
    if (from !== 'pay.check') await beforeCharge.reach()
    const { total_cents: amount, charge_before } = checkout.json
    const charged = await request<{ payment_ref: string }>(
      'POST',
      `http://127.0.0.1:${system.payments.port}/charge`,
      {
        headers: { 'idempotency-key': id },
        json: { reservation_id: id, amount, charge_before },
      },
    )
    if (charged.status !== 200) return
    await post(`${url}/reservations/${id}/confirm`, { payment_ref: charged.json.payment_ref })
  })
}

/** The COMMIT of an order waits for the lock of its reservation: see the trigger in replay-system.ts. */
function createCommitStop({ postgres }: ReplaySystem, id: string): Stop {
  const isWaiting = async () => {
    const { rowCount } = await postgres.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
    )
    return rowCount === 1
  }
  return {
    name: 'pay.commit',
    async hold() {
      const client = await postgres.connect()
      await client.query('SELECT pg_advisory_lock(hashtext($1))', [id])
      const passed = Promise.withResolvers<void>()
      passed.promise
        .then(() => client.query('SELECT pg_advisory_unlock_all()'))
        .then(
          () => client.release(),
          () => client.release(true),
        )
      const arrived = waitUntil(isWaiting, 30_000).then(() => 'pay.commit')
      return { arrived, pass: passed.resolve }
    },
  }
}

/** Reserves the last seat at a replica of events. */
export function startReservation(
  system: ReplaySystem,
  actor: Actor,
  { id, eventId }: Reservation,
): Promise<Process> {
  const { url, postgres, redis } = system.events[actor]
  const stops = [
    { name: 'reserve.read', hold: () => postgres.hold('events-find') },
    { name: 'reserve.script', hold: () => redis.hold(id) },
  ]
  return startProcess(stops, () =>
    request('POST', `${url}/events/${eventId}/reserve`, { headers: { 'x-reservation-id': id }, json: {} }),
  )
}

/** Reserves at the gateway, which chooses the id. It is over when the script was answered, also when its client has left. */
export async function startReservationAtGateway(system: ReplaySystem, eventId: number) {
  const { postgres, redis } = system.events.B
  const path = `/events/${eventId}/reserve`
  const request = system.gateway.toEvents.hold('x-reservation-id', path)
  const status = Promise.withResolvers<number>()
  const ended = Promise.withResolvers<void>()
  let id = ''
  const stops = [
    { name: 'reserve.read', hold: () => postgres.hold('events-find') },
    {
      name: 'reserve.script',
      hold() {
        const script = redis.hold(id)
        script.answered.then(ended.resolve)
        return script
      },
    },
  ]
  const process = startProcess(stops, async () => {
    status.resolve((await post(`${system.gateway.url}${path}`, {})).status)
    await ended.promise
  })
  id = /x-reservation-id: ([0-9a-f-]+)/i.exec(await request.arrived)?.[1] ?? ''
  request.pass()
  return { id, process: await process, status: status.promise }
}

export function startRelease(system: ReplaySystem, { id }: Reservation): Promise<Process> {
  const { url, postgres, redis } = system.events.release
  const stops = [
    { name: 'release.abandon', hold: () => postgres.hold('checkout-abandon', id) },
    { name: 'release.free', hold: () => redis.hold(id) },
  ]
  return startProcess(stops, () => post(`${url}/reservations/${id}/release`))
}
