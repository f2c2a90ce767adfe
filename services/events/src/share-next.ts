/**
 * Lets callers that ask for the same thing share one call of `load`, never a stale one: a caller gets the result of a
 * load that began after it asked. At most one load a key is under way and one waits, however many callers there are.
 */
export function shareNext<Key, Value>(load: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const running = new Map<Key, Promise<Value>>()
  const waiting = new Map<Key, Promise<Value>>()

  function start(key: Key): Promise<Value> {
    const loading = load(key).finally(() => running.delete(key))
    running.set(key, loading)
    return loading
  }

  async function startAfter(key: Key, current: Promise<Value>): Promise<Value> {
    await current.catch(() => undefined)
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
