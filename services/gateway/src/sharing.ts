import type { Log } from '@quickticket/kit/log'

/** What replicas share in Redis, as long as Redis answers. */
export interface Sharing {
  /** The answer; undefined, and that at once, while Redis gives none. */
  ask<T>(question: () => Promise<T>): Promise<T | undefined>
}

const BETWEEN_PROBES_MS = 1000

/**
 * After the first failure no request waits for Redis any more, not even those that do already. From then on one question in
 * a second is also asked in the background, whose success ends this.
 *
 * @param what is shared, for the log
 */
export function createSharing(what: string, log: Log): Sharing {
  let loss = Promise.withResolvers<undefined>()
  let isLost = false
  let isProbing = false
  let probedAt = Number.NEGATIVE_INFINITY

  function lose(error: unknown): void {
    if (isLost) return
    isLost = true
    loss.resolve(undefined)
    log.warn({ err: error }, `${what} is not shared: each replica counts for itself`)
  }

  async function probe(question: () => Promise<unknown>): Promise<void> {
    if (isProbing || performance.now() - probedAt < BETWEEN_PROBES_MS) return
    isProbing = true
    try {
      await question()
      isLost = false
      loss = Promise.withResolvers()
      log.info(`${what} is shared again`)
    } catch {
      probedAt = performance.now()
    } finally {
      isProbing = false
    }
  }

  return {
    async ask(question) {
      if (isLost) {
        void probe(question)
        return undefined
      }
      try {
        return await Promise.race([question(), loss.promise])
      } catch (error) {
        lose(error)
        return undefined
      }
    },
  }
}
