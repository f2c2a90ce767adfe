import { setTimeout as delay } from 'node:timers/promises'

/**
 * Lets callers that ask for the same thing share one call of `load`, never a stale one: a caller gets the result of a
 * load that began after it asked. At most one load a key is under way and one waits, however many callers there are.
 *
 * @param everyMs the shortest time from the start of a load to that of the next, in milliseconds: who asks earlier waits
 */
export function shareNext<Key, Value>(
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
    // who waits goes first: between the end of one load and the start of theirs, nobody may start another
    const next = waiting.get(key)
    if (next !== undefined) return next
    const current = running.get(key)
    if (!current) return start(key)
    const following = startAfter(key, current)
    waiting.set(key, following)
    return following
  }
}
