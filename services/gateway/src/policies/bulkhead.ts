import { addEvent } from '@quickticket/kit/tracing/current'

/** The call was not made, because the limit of calls in flight was reached. */
export class BulkheadFullError extends Error {
  override name = 'BulkheadFullError'
}

export interface BulkheadOptions {
  /** the name of the service, for the message of the error */
  target: string
  /** calls in flight at most; 0: no limit */
  limit: number
  /** how long a call waits for a place, in milliseconds; 0: it does not wait */
  waitMs: number
  /** called for each call that is rejected */
  onRejected(): void
}

/** Limits the calls in flight to one service, so that a slow service does not use up the resources for others. */
export interface Bulkhead {
  /**
   * Makes a call as soon as there is a place for it, first come, first served, and passes it the time that it waited.
   *
   * @throws {BulkheadFullError} when no place became free in time
   */
  run<T>(call: (waitedMs: number) => Promise<T>): Promise<T>
  /** number of calls in flight */
  inFlight(): number
}

export function createBulkhead({ target, limit, waitMs, onRejected }: BulkheadOptions): Bulkhead {
  /** Calls that wait, in order of arrival; each takes over the place of a call that ended. */
  const waiting = new Set<() => void>()
  let inFlight = 0

  function enter(): boolean | Promise<boolean> {
    if (limit === 0 || inFlight < limit) {
      inFlight++
      return true
    }
    return waitMs > 0 && placeOfAnother()
  }

  function placeOfAnother(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (hasPlace: boolean) => {
        clearTimeout(timer)
        waiting.delete(takeOver)
        resolve(hasPlace)
      }
      const takeOver = () => end(true)
      const timer = setTimeout(() => end(false), waitMs)
      waiting.add(takeOver)
    })
  }

  function leave(): void {
    const [next] = waiting
    if (next) next()
    else inFlight--
  }

  return {
    async run(call) {
      const cameAt = performance.now()
      const place = enter()
      if (place !== true) addEvent('bulkhead.full', { target, wait_ms: waitMs })
      if (!(await place)) {
        onRejected()
        throw new BulkheadFullError(`${limit} calls to ${target} are in flight`)
      }
      try {
        return await call(performance.now() - cameAt)
      } finally {
        leave()
      }
    },
    inFlight: () => inFlight,
  }
}
