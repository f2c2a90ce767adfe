import type { Log } from '@quickticket/kit/log'
import type { Redis } from 'ioredis'

/** Failures and transitions that replicas share in Redis. While Redis fails, each replica has a circuit of its own. */
export interface SharedCircuit {
  /** Counts a failure. Resolves with the consecutive failures on all replicas; 0 while Redis fails. */
  failed(): Promise<number>
  succeeded(): void
  /** Publishes a transition of this replica. */
  announce(to: 'OPEN' | 'CLOSED'): void
  onAnnounced(listener: (to: 'OPEN' | 'CLOSED') => void): void
  /** resolves when the subscription is active */
  ready: Promise<void>
  close(): void
}

const FAILURES = 'circuit:payments:failures'
const CHANNEL = 'circuit:payments'
/** Failures this far apart are not consecutive. */
const MEMORY_S = 60
const RETRY_MS = 1000

export function createSharedCircuit(redis: Redis, log: Log): SharedCircuit {
  const subscriber = redis.duplicate({ autoResubscribe: false })
  const listeners: ((to: 'OPEN' | 'CLOSED') => void)[] = []
  const subscribed = Promise.withResolvers<void>()
  let hasFailed = false
  let isReceiving = false
  let warned = false

  // ioredis reconnects by itself; commands report the failure
  subscriber.on('error', () => undefined)
  // Redis may start after the gateway, and each new connection has to subscribe
  subscriber.on('ready', subscribe)
  subscriber.on('message', (_channel, to) => {
    isReceiving = true
    for (const listener of listeners) listener(to as 'OPEN' | 'CLOSED')
    isReceiving = false
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

  async function orWarn<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      const answer = await work
      warned = false
      return answer
    } catch (error) {
      warn(error)
      return undefined
    }
  }

  /** In one transaction: without the expiry the count would last until the next success. */
  async function countFailure(): Promise<number> {
    const answers = await redis.multi().incr(FAILURES).expire(FAILURES, MEMORY_S).exec()
    const [error, total] = answers?.[0] ?? [null, 0]
    if (error) throw error
    return Number(total)
  }

  return {
    async failed() {
      hasFailed = true
      return (await orWarn(countFailure())) ?? 0
    },
    succeeded() {
      if (hasFailed) void orWarn(redis.del(FAILURES))
      hasFailed = false
    },
    announce(to) {
      // all replicas know a transition that came from another one
      if (!isReceiving) void orWarn(redis.publish(CHANNEL, to))
    },
    ready: subscribed.promise,
    onAnnounced: (listener) => void listeners.push(listener),
    close: () => subscriber.disconnect(),
  }
}
