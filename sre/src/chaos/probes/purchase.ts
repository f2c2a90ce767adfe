import type { Context } from '../../context.ts'
import { numberAt, objectAt, oneOfAt } from '../../fields.ts'
import type { Measurement, Probe } from '../probe.ts'
import { urlOf } from '../targets/components.ts'
import { type Answered, ask, type Take, take, takeAt } from './request.ts'

const STEPS = ['list', 'reserve', 'pay'] as const

interface Args {
  step: (typeof STEPS)[number]
  /** undefined: the one with the most seats */
  event: number | undefined
  take: Take
}

const TIMEOUT_MS = 6000
/** Reservations that are not paid yet, so that paying can be measured while reserving fails. */
const SPARE = 2

/**
 * What a buyer does. `reserve` holds a seat and gives it back; `pay` buys one. While nothing can be reserved, `pay` pays for what was
 * reserved before.
 */
export const purchase: Probe<Args> = {
  kind: 'purchase',
  describe: ({ step, event, take: what }) =>
    `${what} of a buyer's ${step}${event === undefined ? '' : ` at event ${event}`}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['step', 'event', 'take'])
    return {
      step: oneOfAt(given.step, `${path}.step`, STEPS),
      event: given.event === undefined ? undefined : numberAt(given.event, `${path}.event`, { min: 1 }),
      take: takeAt(given.take, `${path}.take`),
    }
  },
  async measure(context, args): Promise<Measurement> {
    const buyer = buyerOf(context)
    if (args.step === 'list') return take(await buyer.list(), args.take)
    const event = args.event ?? (await buyer.chooseEvent())
    const answer = args.step === 'reserve' ? await buyer.reserveAndRelease(event) : await buyer.pay(event)
    return take(answer, args.take)
  },
}

interface Buyer {
  list(): Promise<Answered>
  chooseEvent(): Promise<number>
  reserveAndRelease(event: number): Promise<Answered>
  pay(event: number): Promise<Answered>
}

const buyers = new WeakMap<Context, Buyer>()

function buyerOf(context: Context): Buyer {
  const known = buyers.get(context) ?? createBuyer(urlOf(context, 'gateway'))
  buyers.set(context, known)
  return known
}

function createBuyer(gateway: string): Buyer {
  let chosen: number | undefined
  let unpaid: string[] = []

  const list = () => ask(`${gateway}/events`, { timeoutMs: TIMEOUT_MS })
  const reserve = (event: number) =>
    ask(`${gateway}/events/${event}/reserve`, {
      method: 'POST',
      body: { quantity: 1 },
      timeoutMs: TIMEOUT_MS,
    })

  async function chooseEvent(): Promise<number> {
    // once: lists may fail later
    chosen ??= ((await list()).body as Event[] | undefined)?.sort?.((a, b) => b.available - a.available)[0]
      ?.id
    return chosen ?? 1
  }

  async function reserveAndRelease(event: number): Promise<Answered> {
    const answer = await reserve(event)
    const id = idOf(answer)
    if (id !== undefined) await ask(`${gateway}/reserve/${id}`, { method: 'DELETE', timeoutMs: TIMEOUT_MS })
    return answer
  }

  async function pay(event: number): Promise<Answered> {
    for (let missing = SPARE + 1 - unpaid.length; missing > 0; missing -= 1) {
      const answer = await reserve(event)
      const id = idOf(answer)
      if (id !== undefined) unpaid.push(id)
      // there is nothing to pay for
      else if (unpaid.length === 0) return answer
      else break
    }
    const [oldest] = unpaid
    const answer = await ask(`${gateway}/reserve/${oldest}/pay`, { method: 'POST', timeoutMs: TIMEOUT_MS })
    // after a 5xx it may be paid again; a 4xx says that the hold is over
    if (answer.status >= 200 && answer.status < 500) unpaid = unpaid.filter((id) => id !== oldest)
    return answer
  }

  return { list, chooseEvent, reserveAndRelease, pay }
}

function idOf({ status, body }: Answered): string | undefined {
  return status === 200 ? (body as { reservation_id?: string }).reservation_id : undefined
}

interface Event {
  id: number
  available: number
}
