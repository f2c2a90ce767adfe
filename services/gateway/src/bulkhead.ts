/** The call was not made, because as many as may be are under way. */
export class BulkheadFullError extends Error {
  override name = 'BulkheadFullError'
}

/** Runs a call unless its compartment is full. */
export type Bulkhead = <T>(call: () => Promise<T>) => Promise<T>

/**
 * Keeps calls to one service from taking all there is: at most `limit` are under way (0: no limit).
 *
 * @param onRejected called for each one that is turned away
 */
export function createBulkhead(name: string, limit: number, onRejected: () => void): Bulkhead {
  if (limit === 0) return (call) => call()
  let underWay = 0
  return async (call) => {
    if (underWay >= limit) {
      onRejected()
      throw new BulkheadFullError(`${limit} calls to ${name} are under way`)
    }
    underWay++
    try {
      return await call()
    } finally {
      underWay--
    }
  }
}
