import type { Bulkhead, BulkheadOptions, Subjects } from '../../lab11/shapes.ts'

const WAITS = 'a call on top waits, and is made when a place becomes free'
const LIMIT = 'calls up to the limit are in flight, and inFlight counts them'
const IN_TIME = 'it waits no longer than waitMs, then gets BulkheadFullError'

/** Typical mistakes, and the requirement that finds each. */
export const mistakes = {
  'no limit': LIMIT,
  'one too many': LIMIT,
  'inFlight counts those that wait': LIMIT,
  'gives no place back': WAITS,
  'rejects at once': WAITS,
  'waits without a limit': IN_TIME,
  'makes the call after it gave up waiting': IN_TIME,
  'gives places back only after success': 'a call that fails gives its place back too',
  'gives a place to a call that is gone': 'a call that was rejected takes no place later',
  'newest first': 'places are given in the order in which calls came',
  'leaves the timer': 'a call that got a place leaves no timer behind',
  'passes no waiting time': 'a call gets the time that it waited',
  'does not call onRejected': 'onRejected is called for each call that is rejected',
  'waits a little with a waitMs of 0': 'with a waitMs of 0 it rejects at once',
  'no way to turn it off': 'a limit of 0 turns it off',
}

type Mistake = keyof typeof mistakes

class BulkheadFullError extends Error {}

export function solve(mistake?: Mistake): Subjects['bulkhead'] {
  return { BulkheadFullError, createBulkhead: (options) => createBulkhead(options, mistake) }
}

function createBulkhead({ limit, waitMs, onRejected }: BulkheadOptions, mistake?: Mistake): Bulkhead {
  const makes = (other: Mistake) => mistake === other
  const isOff = makes('no limit') || (limit === 0 && !makes('no way to turn it off'))
  const places = isOff ? Number.POSITIVE_INFINITY : limit + (makes('one too many') ? 1 : 0)
  const queue: (() => void)[] = []
  let inFlight = 0

  async function enter(): Promise<boolean> {
    if (inFlight < places) {
      inFlight++
      return true
    }
    if (makes('rejects at once') || (waitMs === 0 && !makes('waits a little with a waitMs of 0')))
      return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const takeOver = () => {
      if (!makes('leaves the timer')) clearTimeout(timer)
      resolve(true)
    }
    const giveUp = () => {
      if (!makes('gives a place to a call that is gone')) queue.splice(queue.indexOf(takeOver), 1)
      resolve(false)
    }
    const timer = setTimeout(makes('waits without a limit') ? () => {} : giveUp, Math.max(waitMs, 1))
    if (makes('newest first')) queue.unshift(takeOver)
    else queue.push(takeOver)
    return promise
  }

  function leave(): void {
    if (makes('gives no place back')) return
    const next = queue.shift()
    if (next) next()
    else inFlight--
  }

  return {
    async run(call) {
      const cameAt = performance.now()
      if (!(await enter())) {
        if (!makes('does not call onRejected')) onRejected()
        if (makes('makes the call after it gave up waiting')) void call(waitMs)
        throw new BulkheadFullError()
      }
      const waitedMs = makes('passes no waiting time') ? 0 : performance.now() - cameAt
      if (!makes('gives places back only after success')) return call(waitedMs).finally(leave)
      const answer = await call(waitedMs)
      leave()
      return answer
    },
    inFlight: () => inFlight + (makes('inFlight counts those that wait') ? queue.length : 0),
  }
}
