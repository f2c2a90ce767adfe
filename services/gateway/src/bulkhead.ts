/** The call was not made, because as many as may be are under way. */
export class BulkheadFullError extends Error {
  override name = 'BulkheadFullError'
}

export interface BulkheadOptions {
  /** which calls it is for, in the message of its error */
  target: string
  /** calls that may be under way; 0: no limit */
  limit: number
  /** how long a call waits for a place, in milliseconds; 0: not at all */
  waitMs: number
  /** called for each call that is turned away */
  onRejected(): void
}

/** Keeps calls to one service from taking all there is. */
export interface Bulkhead {
  /**
   * Makes a call as soon as there is a place for it, in the order in which calls came, and tells it how long it waited.
   *
   * @throws {BulkheadFullError} when no place became free in time
   */
  run<T>(call: (waitedMs: number) => Promise<T>): Promise<T>
  /** how many calls are under way */
  inFlight(): number
}

export function createBulkhead({ target, limit, waitMs, onRejected }: BulkheadOptions): Bulkhead {
  /** Those who wait, the first of them first; each takes over the place of a call that ended. */
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
      if (!(await enter())) {
        onRejected()
        throw new BulkheadFullError(`${limit} calls to ${target} are under way`)
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
