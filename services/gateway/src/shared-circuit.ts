import type { Log } from '@quickticket/kit/log'
import type { Redis } from 'ioredis'

/** What all replicas together see of one service. Without Redis each goes by what it sees itself. */
export interface SharedCircuit {
  /** Counts a failure; how many there were in a row, on all replicas. 0 when Redis does not say. */
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
const RETRY_MS = 1000

export function createSharedCircuit(redis: Redis, log: Log): SharedCircuit {
  const subscriber = redis.duplicate({ autoResubscribe: false })
  const listeners: ((to: 'OPEN' | 'CLOSED') => void)[] = []
  const subscribed = Promise.withResolvers<void>()
  let counted = false
  let hearing = false
  let warned = false

  subscriber.on('error', () => undefined)
  // Redis may come later than the gateway, and each connection has to subscribe for itself
  subscriber.on('ready', subscribe)
  subscriber.on('message', (_channel, to) => {
    hearing = true
    for (const listener of listeners) listener(to as 'OPEN' | 'CLOSED')
    hearing = false
  })

  function subscribe(): void {
    if (subscriber.status !== 'ready') return
    subscriber.subscribe(CHANNEL).then(
      () => subscribed.resolve(),
      (error: unknown) => {
        warn(error)
        setTimeout(subscribe, RETRY_MS).unref()
      },
    )
  }

  function warn(error: unknown): void {
    if (!warned) log.warn({ err: error }, 'circuit is not shared')
    warned = true
  }

  async function told<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await work
      warned = false
      return answer
    } catch (error) {
      warn(error)
      return undefined
    }
  }

  /** In one step: without its end a row would last until the next success. */
  async function countFailure(): Promise<number> {
    const answers = await redis.multi().incr(FAILURES).expire(FAILURES, MEMORY_S).exec()
    const [error, total] = answers?.[0] ?? [null, 0]
    if (error) throw error
    return Number(total)
  }

  return {
    async failed() {
      counted = true
      return (await told(countFailure())) ?? 0
    },
    succeeded() {
      if (counted) void told(redis.del(FAILURES))
      counted = false
    },
    announce(to) {
      // a transition that came from another replica is known to all of them
      if (!hearing) void told(redis.publish(CHANNEL, to))
    },
    ready: subscribed.promise,
    onAnnounced: (listener) => void listeners.push(listener),
    close: () => subscriber.disconnect(),
  }
}
