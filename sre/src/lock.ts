import type { Store } from './store/store.ts'
import { CannotTell } from './verb.ts'

interface Exclusive {
  system: string
  /** what it is, such as `chaos payments-slow` */
  holder: string
  now(): number
}

/** A lock is extended while its process lives: when that was killed, and another program has its number, it expires. */
const EXTENDED_EVERY_MS = 20_000
const EXPIRES_AFTER_MS = 180_000

/**
 * Does work that changes a system, however long it takes. At most one runbook or experiment does so at a time.
 *
 * @throws {CannotTell} when another one is under way
 */
export async function exclusively<T>(store: Store, lock: Exclusive, work: () => Promise<T>): Promise<T> {
  take(store, lock)
  const extending = setInterval(() => extend(store, lock), EXTENDED_EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(extending)
    store.run('DELETE FROM locks WHERE system = ? AND pid = ? AND holder = ?', ...keyOf(lock))
  }
}

interface LockRow {
  holder: string
  pid: number
  taken_at: number
  expires_at: number
}

function take(store: Store, { system, holder, now }: Exclusive): void {
  store.transaction(() => {
    const held = store.get<LockRow>('SELECT * FROM locks WHERE system = ?', system)
    if (held && held.expires_at > now() && isAlive(held.pid, held.taken_at))
      throw new CannotTell(`${held.holder} is under way on ${system} (pid ${held.pid})`, store.path)
    store.run(
      'INSERT OR REPLACE INTO locks (system, holder, pid, taken_at, expires_at) VALUES (?, ?, ?, ?, ?)',
      system,
      holder,
      process.pid,
      now(),
      now() + EXPIRES_AFTER_MS,
    )
  })
}

function extend(store: Store, lock: Exclusive): void {
  try {
    const expiresAt = lock.now() + EXPIRES_AFTER_MS
    store.run(
      'UPDATE locks SET expires_at = ? WHERE system = ? AND pid = ? AND holder = ?',
      expiresAt,
      ...keyOf(lock),
    )
  } catch {
    // a database that fails must not end the work, which has to be undone; the next time may succeed
  }
}

function keyOf({ system, holder }: Exclusive): [string, number, string] {
  return [system, process.pid, holder]
}

/**
 * Whether a process still lives.
 *
 * @param since when it is known to have lived, in milliseconds since 1970: the same number in a container that was started again is
 * another process
 */
export function isAlive(pid: number, since: number): boolean {
  if (pid === process.pid && since < performance.timeOrigin) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
