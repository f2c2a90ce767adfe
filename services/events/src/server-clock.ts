import type { Redis } from 'ioredis'

/**
 * What the clock of Redis says at a moment of this process, learned from its answers. It is never ahead, so that no deadline is
 * later than it should be: it may be behind by the time that an answer took to come back. Neither clock has to be right; they
 * have to run equally fast.
 */
export interface ServerClock {
  /** Redis' time, in ms, at a moment of `performance.now()`. Asks Redis when nothing is known yet. */
  at(moment: number): Promise<number>
  /** @param now what Redis said, in an answer that has just arrived */
  learn(now: number): void
  /** Whether Redis' time `now` cannot be, after what was known: its clock was set. */
  isAhead(now: number): boolean
}

export function createServerClock(redis: Redis): ServerClock {
  let offsetMs: number | undefined
  // another server may have taken over the address
  redis.on('ready', () => {
    offsetMs = undefined
  })

  function learn(now: number): void {
    offsetMs = now - performance.now()
  }

  return {
    async at(moment) {
      if (offsetMs === undefined) {
        const [seconds, microseconds] = await redis.time()
        learn(Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000))
      }
      return Math.floor(moment + (offsetMs as number))
    },
    learn,
    isAhead: (now) => offsetMs !== undefined && now > performance.now() + offsetMs + 1,
  }
}
