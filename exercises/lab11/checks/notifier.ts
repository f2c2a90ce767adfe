import type { ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { Check } from '../../src/check.ts'
import type { Subjects } from '../shapes.ts'
import { type Clock, turn, withClock } from './clock.ts'
import { countBy } from './counted.ts'
import { eventually } from './eventually.ts'
import { rememberLog } from './log.ts'
import { unhandledDuring } from './rejections.ts'
import { startService } from './service.ts'
import { watch } from './watch.ts'

type Subject = Subjects['notifier']

const trace = { requestId: 'r-1', traceId: 'a'.repeat(32), flags: '01' }

/** A notifier, and the service that it notifies. */
async function connect(subject: Subject, answer: (response: ServerResponse) => void, maxInFlight = 100) {
  const service = await startService(answer)
  const { counter, values } = countBy('result')
  const { log, lines } = rememberLog()
  const notifier = subject.createNotifier(service.url, log, counter, maxInFlight)
  return {
    notifier,
    service,
    lines,
    results: values,
    /** Tells it of an order. @returns what that returns */
    tell: (orderId: string): unknown => notifier.orderConfirmed(orderId, trace),
    counts: (expected: Record<string, number>) =>
      eventually(`gateway_notifications_total ${JSON.stringify(expected)}`, async () =>
        isDeepStrictEqual(await values(), expected),
      ),
  }
}

type Connected = Awaited<ReturnType<typeof connect>>

function requires(
  words: string,
  answer: (response: ServerResponse) => void,
  verify: (connected: Connected, clock: Clock) => Promise<void>,
  maxInFlight?: number,
): Check<Subject> {
  return {
    requires: words,
    verify: (subject) =>
      withClock(async (clock) => {
        const connected = await connect(subject, answer, maxInFlight)
        const unhandled = await unhandledDuring(() => verify(connected, clock)).finally(() =>
          connected.service.stop(),
        )
        expect(unhandled, 'rejections that are not handled').toEqual([])
      }),
  }
}

const well = (response: ServerResponse) =>
  void response.setHeader('content-type', 'application/json').end('{"status":"sent"}')
const broken = (response: ServerResponse) => void response.writeHead(500).end()
const never = () => {}

export const checks = [
  requires('an order is sent with POST /notify, event and order_id', well, async ({ tell, service }) => {
    tell('o-1')
    await eventually('a request', () => service.requests.length > 0)
    expect(service.requests).toEqual(['POST /notify {"event":"order_confirmed","order_id":"o-1"}'])
  }),
  requires('there is nothing to wait for: orderConfirmed returns nothing', never, async ({ tell }) => {
    expect(tell('o-1'), 'what it returns').toBeUndefined()
  }),
  requires('what is answered with 200 counts as sent', well, async ({ tell, counts, lines }) => {
    tell('o-1')
    tell('o-2')
    await counts({ sent: 2 })
    expect(lines(), 'warnings').toEqual([])
  }),
  requires('any other answer counts as failed', broken, async ({ tell, counts }) => {
    tell('o-1')
    await counts({ failed: 1 })
  }),
  requires(
    'a failure is the warning `notify failed (non-critical)` with order_id',
    broken,
    async (connected) => {
      connected.tell('o-1')
      await eventually('a line in the log', () => connected.lines().length > 0)
      const warning = { level: 'WARNING', msg: 'notify failed (non-critical)', order_id: 'o-1' }
      expect(connected.lines()[0], 'the line').toMatchObject(warning)
    },
  ),
  requires('no service at all counts as failed, and nothing else happens', never, async (connected) => {
    connected.service.stop()
    expect(() => connected.tell('o-1'), 'telling it').not.toThrow()
    await connected.counts({ failed: 1 })
  }),
  requires('a notification has 2 s', never, async ({ tell, service, results }, clock) => {
    tell('o-1')
    await eventually('a request', () => service.requests.length > 0)
    await clock.pass(1999)
    expect(await results(), 'results after 1999 ms').toEqual({})
    await clock.pass(1)
    expect(await results(), 'results after 2000 ms').toEqual({ failed: 1 })
  }),
  requires(
    'no more than maxInFlight are in flight, further ones are dropped',
    never,
    async ({ tell, service, results }) => {
      for (const order of ['o-1', 'o-2', 'o-3', 'o-4']) tell(order)
      await eventually('two requests', () => service.requests.length >= 2)
      await turn()
      expect(service.requests.length, 'requests with a limit of 2').toBe(2)
      expect(await results(), 'results').toEqual({ dropped: 2 })
    },
    2,
  ),
  requires(
    'one that has ended makes room',
    well,
    async ({ tell, counts }) => {
      tell('o-1')
      await counts({ sent: 1 })
      tell('o-2')
      await counts({ sent: 2 })
    },
    1,
  ),
  requires('close waits for those in flight', never, async ({ tell, notifier, service, results }, clock) => {
    tell('o-1')
    await eventually('a request', () => service.requests.length > 0)
    const closing = watch(() => notifier.close())
    await clock.pass(0)
    expect(closing.state, 'closing while one is in flight').toBe('pending')
    await clock.pass(2000)
    await eventually('closed when it has ended', () => closing.state === 'done')
    expect(await results(), 'results').toEqual({ failed: 1 })
  }),
]
