import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { waitUntil } from '@quickticket/local/wait'
import { request } from '../http.ts'
import {
  type Process,
  type Reservation,
  startPayment,
  startRelease,
  startReservation,
  startReservationAtGateway,
} from './actors.ts'
import type { Scenario } from './model.ts'
import type { ReplaySystem } from './replay-system.ts'
import { createStoresAt } from './stores-at.ts'
import type { Step } from './trace.ts'

export interface ReplayOptions {
  scenario: Scenario
  /** how long a tick is until a hold was prolonged; from then on it is the hold's part */
  tickMs?: number
  chargeWithinMs?: number
}

/** What is stored of the two reservations. */
export interface Seen {
  sold: number
  /** holds that are not sold */
  held: number
  reservations: { orders: number; checkout: string | null; standing: boolean; charges: number }[]
}

export interface Replay {
  /** after each step */
  seen: Seen[]
  /** steps of the trace that the real system did not let happen */
  refused: string[]
  /** when nothing is left to do */
  end: Seen
  /** the status with which B was told that the reservation failed */
  failed: number | undefined
}

/** Longer than every time that is stored. */
const FOR_EVER_MS = 400_000

/** Makes the real services take the steps of a trace in its order, as far as they let it happen. */
export async function replay(system: ReplaySystem, trace: Step[], options: ReplayOptions): Promise<Replay> {
  const { scenario, chargeWithinMs = 5000 } = options
  const { postgres } = system
  const stores = createStoresAt(postgres, system.redisPort)
  const { rows } = await postgres.query<{ id: number }>(
    `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
     VALUES ('Replay', 'Model', now(), $1, 500) RETURNING id`,
    [scenario === 'twice' || scenario === 'money' ? 2 : 1],
  )
  const eventId = (rows[0] as { id: number }).id
  const a: Reservation = { id: randomUUID(), eventId }
  const b: Reservation = { id: randomUUID(), eventId }
  const processes = new Map<string, Process>()
  const result: Replay = { seen: [], refused: [], end: undefined as unknown as Seen, failed: undefined }
  let tickMs = options.tickMs ?? 5000
  let reservingAtGateway: Awaited<ReturnType<typeof startReservationAtGateway>> | undefined
  // the replica of the reconciler is frozen but for its steps
  system.events.reconciler.replica.pause()

  if (scenario === 'twice' || scenario === 'money' || scenario === 'reserve') await reserveNow(a)
  if (scenario === 'reserve')
    processes.set('A pay', await startPayment(system, 'A', a, { chargeWithinMs, from: 'pay.check' }))
  for (const step of trace) {
    await take(step)
    result.seen.push(await look())
  }
  for (const process of processes.values()) await process.finish()
  await settle()
  result.end = await look()
  return result

  async function take({ who, name, number }: Step): Promise<void> {
    const [task = ''] = name.split('.')
    if (name === 'time') return passTime((number ?? 1) * tickMs)
    if (name === 'redis.lose') return stores.loseRedis()
    if (name === 'payments.restart') {
      await system.payments.kill()
      return system.payments.start()
    }
    if (name === 'gateway.timeout') {
      reservingAtGateway = await startReservationAtGateway(system, eventId)
      b.id = reservingAtGateway.id
      processes.set('B reserve', reservingAtGateway.process)
      return
    }
    if (name === 'gateway.failed') {
      result.failed = await reservingAtGateway?.status
      // the gateway takes it back in the background, within a second
      await waitUntil(async () => (await stores.ended(b.id)) !== '', 10_000)
      return
    }
    if (name.endsWith('.crash')) return void processes.delete(`${who} ${task}`)
    const reservation = who === 'B' ? b : a
    if (task === 'reconciler') return reconcile(name, reservation)

    const process = processes.get(`${who} ${task}`) ?? (await start(who, task, reservation))
    const wanted = task === 'reserve' && name !== 'reserve.read' ? 'reserve.script' : name
    // without the safeguard, the steps may have another order
    while (process.next() !== undefined && process.next() !== wanted) await process.step()
    if (process.next() === undefined) return void result.refused.push(`${who} ${name}`)
    await process.step()
    if (name === 'pay.prolong' && number) tickMs = Math.max(await stores.holdMs(reservation.id), 1) / number
  }

  async function start(who: string, task: string, reservation: Reservation): Promise<Process> {
    const started =
      task === 'reserve'
        ? startReservation(system, who as 'A' | 'B', reservation)
        : task === 'release'
          ? startRelease(system, reservation)
          : startPayment(system, who as 'A' | 'A2' | 'B', reservation, { chargeWithinMs })
    processes.set(`${who} ${task}`, await started)
    return started
  }

  /** What is stored is made older. What a process remembers of a clock cannot be: then the time really passes. */
  async function passTime(milliseconds: number): Promise<void> {
    const measuring = [...processes.values()].some((process) =>
      ['reserve.script', 'pay.prolong', 'pay.open'].includes(process.next() ?? ''),
    )
    if (measuring) await delay(milliseconds + 1)
    else await stores.age(milliseconds + 1)
  }

  async function reserveNow({ id }: Reservation): Promise<void> {
    const options = { headers: { 'x-reservation-id': id }, json: {} }
    const answer = await request('POST', `${system.events.A.url}/events/${eventId}/reserve`, options)
    if (answer.status !== 200) throw new Error(`not reserved: ${answer.text}`)
  }

  /** Lets the reconciler work until this step is done. */
  async function reconcile(name: string, { id }: Reservation): Promise<void> {
    if (name === 'reconciler.give_up') await expire(id)
    if (name === 'reconciler.sold')
      await postgres.query('UPDATE outbox SET due_at = now() WHERE order_id = $1', [id])
    await whileReconciling(async () => {
      if (/give_up|take/.test(name)) return (await checkoutOf(id))?.startsWith('void') ?? false
      if (/void/.test(name)) return system.charges(id).voided && (await isVoidNoted(id))
      return (await stores.holdMs(id)) === 0
    })
  }

  /** As if the checkout of a process that was frozen before it were as old as in the model. */
  async function expire(id: string): Promise<void> {
    const { rows: left } = await postgres.query<{ ms: number }>(
      `SELECT 1000 * extract(epoch FROM expires_at - now())::float AS ms FROM checkouts WHERE reservation_id = $1`,
      [id],
    )
    await stores.age(Math.max(left[0]?.ms ?? 0, 0) + 1)
    // and the charge may be refused by the clock alone
    await waitUntil(async () => {
      const { rowCount } = await postgres.query(
        `SELECT FROM checkouts WHERE reservation_id = $1 AND charge_before < now()`,
        [id],
      )
      return rowCount === 1
    }, 10_000)
  }

  async function whileReconciling(isDone: () => Promise<boolean>): Promise<void> {
    const { replica } = system.events.reconciler
    replica.resume()
    const done = await waitUntil(isDone, 10_000)
    replica.pause()
    if (!done) throw new Error('the reconciler has not done its work')
  }

  async function settle(): Promise<void> {
    await stores.age(FOR_EVER_MS)
    await whileReconciling(async () => {
      const { rowCount } = await postgres.query(
        `SELECT FROM checkouts WHERE reservation_id IN ($1, $2) AND state IN ('open', 'voiding')`,
        [a.id, b.id],
      )
      const { rowCount: due } = await postgres.query(
        `SELECT FROM outbox WHERE order_id IN ($1, $2) AND topic IN ('hold', 'count')`,
        [a.id, b.id],
      )
      return rowCount === 0 && due === 0
    })
  }

  async function look(): Promise<Seen> {
    const { rows: events } = await postgres.query<{ sold: number }>('SELECT sold FROM events WHERE id = $1', [
      eventId,
    ])
    const reservations = []
    let held = 0
    for (const { id } of [a, b]) {
      const { rowCount } = await postgres.query('SELECT FROM orders WHERE id = $1', [id])
      const orders = rowCount ?? 0
      if (orders === 0 && (await stores.holdMs(id)) > 0) held++
      const { standing, first: charges } = system.charges(id)
      reservations.push({ orders, checkout: await checkoutOf(id), standing, charges })
    }
    return { sold: events[0]?.sold ?? 0, held, reservations }
  }

  async function checkoutOf(id: string): Promise<string | null> {
    const { rows: found } = await postgres.query<{ state: string }>(
      'SELECT state FROM checkouts WHERE reservation_id = $1',
      [id],
    )
    return found[0]?.state ?? null
  }

  async function isVoidNoted(id: string): Promise<boolean> {
    const { rowCount } = await postgres.query(
      `SELECT FROM checkouts WHERE reservation_id = $1
         AND (state = 'voided' OR state = 'voiding' AND void_at = charge_before + interval '2 seconds')`,
      [id],
    )
    return rowCount === 1
  }
}
