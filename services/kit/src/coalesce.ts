import { setTimeout as delay } from 'node:timers/promises'

/**
 * Lets callers with the same key share one call of `load`, and never a stale result: a caller gets the result of a load that
 * began after its call. For each key at most one load is under way and one waits, regardless of the number of callers.
 *
 * @param everyMs the shortest time between the starts of two loads, in milliseconds; earlier callers wait
 */
export function coalesce<Key, Value>(
  load: (key: Key) => Promise<Value>,
  { everyMs = 0 } = {},
): (key: Key) => Promise<Value> {
  const running = new Map<Key, Promise<unknown>>()
  const waiting = new Map<Key, Promise<Value>>()

  function start(key: Key): Promise<Value> {
    const loading = load(key)
    const pause = everyMs > 0 ? delay(everyMs, undefined, { ref: false }) : undefined
    const over = Promise.allSettled([loading, pause]).then(() => running.delete(key))
    running.set(key, over)
    return loading
  }

  async function startAfter(key: Key, current: Promise<unknown>): Promise<Value> {
    await current
    waiting.delete(key)
    return start(key)
  }

  return (key) => {
    // between the end of one load and the start of the waiting one, no other load may start
    const next = waiting.get(key)
    if (next !== undefined) return next
    const current = running.get(key)
    if (!current) return start(key)
    const following = startAfter(key, current)
    waiting.set(key, following)
    return following
  }
}
