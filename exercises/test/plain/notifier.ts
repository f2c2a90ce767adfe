import { createUpstream } from '@quickticket/kit/http-client'
import type { Log } from '@quickticket/kit/log'
import type { Trace } from '@quickticket/kit/trace'
import type { Counter } from 'prom-client'
import type { Notifier, Subjects } from '../../lab11/shapes.ts'

const FAILED = 'any other answer counts as failed'
const TOLD = 'an order is sent with POST /notify, event and order_id'
const IN_FLIGHT = 'no more than maxInFlight are in flight, further ones are dropped'
const NO_SERVICE = 'no service at all counts as failed, and nothing else happens'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'sends nothing': TOLD,
  'forgets the order': TOLD,
  'gives its caller a promise to wait for': 'there is nothing to wait for: orderConfirmed returns nothing',
  'handles no rejection': NO_SERVICE,
  'every answer is a success': FAILED,
  'counts nothing': 'what is answered with 200 counts as sent',
  'logs nothing': 'a failure is the warning `notify failed (non-critical)` with order_id',
  'no time limit': 'a notification has 2 s',
  'no limit of those in flight': IN_FLIGHT,
  'drops without counting': IN_FLIGHT,
  'never makes room again': 'one that has ended makes room',
  'close does not wait': 'close waits for those in flight',
}

type Mistake = keyof typeof mistakes

export function solve(mistake?: Mistake): Subjects['notifier'] {
  return {
    createNotifier: (baseUrl, log, notifications, maxInFlight = 100) =>
      createNotifier(baseUrl, log, notifications, maxInFlight, mistake),
  }
}

function createNotifier(
  baseUrl: string,
  log: Log,
  notifications: Counter<'result'>,
  maxInFlight: number,
  mistake?: Mistake,
): Notifier {
  const makes = (other: Mistake) => mistake === other
  const upstream = createUpstream('notifications', baseUrl)
  const underWay = new Set<Promise<void>>()
  const count = (result: string) => !makes('counts nothing') && notifications.inc({ result })

  async function post(orderId: string, trace: Trace): Promise<void> {
    const { status } = await upstream.request({
      method: 'POST',
      path: '/notify',
      trace,
      body: { event: 'order_confirmed', order_id: makes('forgets the order') ? undefined : orderId },
      timeoutMs: makes('no time limit') ? 600_000 : 2000,
    })
    if (status !== 200 && !makes('every answer is a success')) throw new Error(`answered ${status}`)
    count('sent')
  }

  function failed(orderId: string): void {
    count('failed')
    if (!makes('logs nothing')) log.warn({ order_id: orderId }, 'notify failed (non-critical)')
  }

  function orderConfirmed(orderId: string, trace: Trace): Promise<void> | undefined {
    if (makes('sends nothing')) return undefined
    if (underWay.size >= maxInFlight && !makes('no limit of those in flight')) {
      if (!makes('drops without counting')) count('dropped')
      return undefined
    }
    const posted = post(orderId, trace)
    const ended = makes('handles no rejection') ? posted : posted.catch(() => failed(orderId))
    underWay.add(ended)
    const forget = () => makes('never makes room again') || underWay.delete(ended)
    if (makes('handles no rejection')) void ended.finally(forget)
    else void ended.then(forget)
    return makes('gives its caller a promise to wait for') ? ended : undefined
  }

  return {
    orderConfirmed: orderConfirmed as Notifier['orderConfirmed'],
    async health(timeoutMs, trace) {
      return (await upstream.request({ method: 'GET', path: '/health', trace, timeoutMs })).status
    },
    async close() {
      if (!makes('close does not wait')) await Promise.all(underWay)
      await upstream.close()
    },
  }
}
