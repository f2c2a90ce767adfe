import type { RequestEffect, ResponseEffect } from './effect.ts'
import { createRandom, namedRandom, type Random } from './random.ts'
import { matches, type Rule } from './rule.ts'

/** A rule in force. */
export interface LiveRule extends Rule {
  /** how often it has struck */
  injected: number
  /** Whether this is the time between its `after` and the end of its `for`. */
  isActive(): boolean
}

/** What happens to one request: all delays one after another, then the fault. */
export interface Strike {
  delays: { rule: LiveRule; ms: number }[]
  fault: { rule: LiveRule; effect: RequestEffect | ResponseEffect } | undefined
}

export interface Engine {
  readonly rules: readonly LiveRule[]
  /** undefined when nothing happens to this request */
  decide(method: string, path: string, template: string): Strike | undefined
}

export interface EngineOptions {
  seed: number
  service: string
  /** a monotonic clock, in milliseconds */
  now?: () => number
}

/**
 * Decides for each request what happens to it. Delays add up; of the other faults, the first rule that strikes wins.
 *
 * Every rule has its own random numbers and takes two for each request that it matches, independent of the other rules and
 * of time: whether its n-th request is struck depends only on the seed.
 */
export function createEngine(
  rules: Rule[],
  { seed, service, now = () => performance.now() }: EngineOptions,
): Engine {
  const setAt = now()
  const live = rules.map((rule, index) => ({
    ...rule,
    injected: 0,
    random: namedRandom(seed, service, `rule ${index}`),
    isActive() {
      const age = now() - setAt - rule.afterMs
      return age >= 0 && age < rule.forMs
    },
  }))

  return {
    rules: live,
    decide(method, path, template) {
      const delays: Strike['delays'] = []
      let fault: Strike['fault']
      for (const rule of live) {
        if (!matches(rule, method, path, template)) continue
        const [chance, size] = [rule.random(), rule.random()]
        if (fault || chance >= rule.share || !rule.isActive()) continue
        const { effect } = rule
        if (effect.stage === 'process') continue
        if (effect.stage === 'delay') delays.push({ rule, ms: effect.sampleMs(expand(size)) })
        else fault = { rule, effect }
      }
      return fault || delays.length > 0 ? { delays, fault } : undefined
    },
  }
}

/** As many random numbers as a distribution needs, from one. */
function expand(number: number): Random {
  return createRandom(number * 2 ** 32)
}
