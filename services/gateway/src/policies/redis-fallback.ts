import type { Log } from '@quickticket/kit/log'

/** Asks Redis for what replicas share; while Redis fails, callers fall back to what they count themselves. */
export interface RedisFallback {
  /** The answer; undefined, and that at once, while Redis fails. */
  ask<T>(question: () => Promise<T>): Promise<T | undefined>
}

const BETWEEN_PROBES_MS = 1000

/**
 * After the first failure no request waits for Redis, not even those that already do. From then on, once a second, a
 * question is also asked in the background; its success ends the fallback.
 *
 * @param what is shared, for the log
 */
export function createRedisFallback(what: string, log: Log): RedisFallback {
  let failure = Promise.withResolvers<undefined>()
  let isFailing = false
  let isProbing = false
  let probedAt = Number.NEGATIVE_INFINITY

  function fallBack(error: unknown): void {
    if (isFailing) return
    isFailing = true
    failure.resolve(undefined)
    log.warn({ err: error }, `${what} is not shared: each replica counts for itself`)
  }

  async function probe(question: () => Promise<unknown>): Promise<void> {
    if (isProbing || performance.now() - probedAt < BETWEEN_PROBES_MS) return
    isProbing = true
    try {
      await question()
      isFailing = false
      failure = Promise.withResolvers()
      log.info(`${what} is shared again`)
    } catch {
      // the warning is in the log already; the next probe follows
      probedAt = performance.now()
    } finally {
      isProbing = false
    }
  }

  return {
    async ask(question) {
      if (isFailing) {
        void probe(question)
        return undefined
      }
      try {
        return await Promise.race([question(), failure.promise])
      } catch (error) {
        fallBack(error)
        return undefined
      }
    },
  }
}
