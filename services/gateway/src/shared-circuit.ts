import type { Log } from '@quickticket/kit/log'
import type { Redis } from 'ioredis'

/** What all replicas together see of one service. Without Redis each goes by what it sees itself. */
export interface SharedCircuit {
  /** Counts a failure; how many there were in a row, on all replicas. 0 when nobody can say. */
  failed(): Promise<number>
  succeeded(): void
  /** Tells the other replicas of a transition of this one. */
  announce(to: 'OPEN' | 'CLOSED'): void
  onAnnounced(listener: (to: 'OPEN' | 'CLOSED') => void): void
  /** when it hears what others announce */
  ready: Promise<void>
  close(): void
}

const FAILURES = 'circuit:payments:failures'
const CHANNEL = 'circuit:payments'
/** Failures this far apart are not in a row. */
const MEMORY_S = 60

export function createSharedCircuit(redis: Redis, log: Log): SharedCircuit {
  const subscriber = redis.duplicate({ enableOfflineQueue: true })
  const listeners: ((to: 'OPEN' | 'CLOSED') => void)[] = []
  let counted = false
  let hearing = false

  subscriber.on('error', () => undefined)
  const ready = subscriber.subscribe(CHANNEL).then(
    () => undefined,
    (error: unknown) => log.warn({ err: error }, 'circuit is not shared'),
  )
  subscriber.on('message', (_channel, to) => {
    hearing = true
    for (const listener of listeners) listener(to as 'OPEN' | 'CLOSED')
    hearing = false
  })

  function quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => log.warn({ err: error }, 'circuit is not shared'))
  }

  return {
    async failed() {
      counted = true
      try {
        const total = await redis.incr(FAILURES)
        await redis.expire(FAILURES, MEMORY_S)
        return total
      } catch (error) {
        log.warn({ err: error }, 'circuit is not shared')
        return 0
      }
    },
    succeeded() {
      if (counted) quietly(redis.del(FAILURES))
      counted = false
    },
    announce(to) {
      // a transition that came from another replica is known to all of them
      if (!hearing) quietly(redis.publish(CHANNEL, to))
    },
    ready,
    onAnnounced: (listener) => void listeners.push(listener),
    close: () => subscriber.disconnect(),
  }
}
