import { setTimeout as delay } from 'node:timers/promises'
import { createRandom, type Random } from '@quickticket/loadgen/random'
import { type Answer, request } from '../http.ts'
import type { Call } from './history.ts'
import { between, pick } from './random.ts'

export interface Buyers {
  /** events that are on sale; buyers choose among the last few */
  onSale: number[]
  calls: Call[]
  /** Waits until each has finished what it is doing. */
  stop(): Promise<void>
}

export interface BuyersOptions {
  gatewayUrl: string
  count: number
  seed: number
  /** ms since the start of the run */
  clock(): number
  /** how often a pay that failed is tried again */
  retries: number
}

const CALL_TIMEOUT_MS = 10_000
const CHOICE = 2

type Seen = { reservationId: string; eventId: number; quantity: number }

/** Buyers who list, reserve, pay, pay again, release and walk away, and write down what they see. */
export function startBuyers({ gatewayUrl, count, seed, clock, retries }: BuyersOptions): Buyers {
  const buyers: Buyers = { onSale: [], calls: [], stop: async () => undefined }
  let stopped = false
  const shopping = Array.from({ length: count }, (_, buyer) => shop(buyer, createRandom(seed * 1000 + buyer)))
  buyers.stop = async () => {
    stopped = true
    await Promise.all(shopping)
  }
  return buyers

  async function shop(buyer: number, random: Random): Promise<void> {
    while (!stopped) {
      const eventId = pick(random, buyers.onSale.slice(-CHOICE))
      if (eventId === undefined) await delay(10)
      else await visit(buyer, eventId, random)
    }
  }

  async function visit(buyer: number, eventId: number, random: Random): Promise<void> {
    const chance = random()
    if (chance < 0.2) return list(buyer, eventId)
    const seen = await reserve(buyer, eventId, between(random, 1, 10))
    if (!seen) return void (await delay(between(random, 20, 60)))
    if (chance < 0.25) return
    if (chance < 0.3) return release(buyer, seen)
    await delay(between(random, 0, 20))
    let paid = await pay(buyer, seen)
    for (
      let attempt = 0;
      paid !== 200 && paid !== 404 && paid !== 409 && attempt < retries && !stopped;
      attempt++
    ) {
      await delay(between(random, 50, 400))
      paid = await pay(buyer, seen)
    }
    if (chance > 0.9) await pay(buyer, seen)
    if (chance > 0.8) await status(buyer, seen)
    if (chance > 0.75 && paid !== 200) await release(buyer, seen)
  }

  async function list(buyer: number, eventId: number): Promise<void> {
    const { call, body } = await record({ buyer, kind: 'list', eventId }, 'GET', '/events')
    if (call.status !== 200) return
    const available = (body as { id: number; available: number }[]).map((event) => [
      event.id,
      event.available,
    ])
    call.answer = { available: Object.fromEntries(available) }
  }

  async function reserve(buyer: number, eventId: number, quantity: number): Promise<Seen | undefined> {
    const path = `/events/${eventId}/reserve`
    const { call, body } = await record({ buyer, kind: 'reserve', eventId, quantity }, 'POST', path, {
      quantity,
    })
    if (call.status !== 200) return undefined
    const { reservation_id } = body as { reservation_id: string }
    call.reservationId = reservation_id
    call.answer = body as Call['answer'] & object
    return { reservationId: reservation_id, eventId, quantity }
  }

  async function pay(buyer: number, { reservationId, eventId }: Seen): Promise<number> {
    const about = { buyer, kind: 'pay', eventId, reservationId } as const
    const { call, body } = await record(about, 'POST', `/reserve/${reservationId}/pay`)
    if (call.status === 200) call.answer = body as Call['answer'] & object
    return call.status
  }

  async function release(buyer: number, { reservationId, eventId }: Seen): Promise<void> {
    const about = { buyer, kind: 'release', eventId, reservationId } as const
    const { call, body } = await record(about, 'DELETE', `/reserve/${reservationId}`)
    if (call.status === 200) call.answer = { status: (body as { status: string }).status }
  }

  async function status(buyer: number, { reservationId, eventId }: Seen): Promise<void> {
    const about = { buyer, kind: 'status', eventId, reservationId } as const
    const { call, body } = await record(about, 'GET', `/reserve/${reservationId}`)
    if (call.status === 200) call.answer = { status: (body as { status: string }).status }
  }

  async function record(
    about: Omit<Call, 'start' | 'end' | 'status'>,
    method: string,
    path: string,
    json?: unknown,
  ) {
    const call: Call = { ...about, start: clock(), end: Number.POSITIVE_INFINITY, status: 0 }
    buyers.calls.push(call)
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS)
    const answer: Answer | undefined = await request(method, `${gatewayUrl}${path}`, { json, signal }).catch(
      () => undefined,
    )
    call.end = clock()
    call.status = answer?.status ?? 0
    // a buyer whose connection is refused does not come back at once
    if (!answer) await delay(20)
    return { call, body: answer?.json }
  }
}
