import { createRandom, namedRandom, type Random } from './random.ts'
import { matches, type Rule } from './rule.ts'

/** A rule at work. */
export interface LiveRule extends Rule {
  /** what it has done so far */
  injected: number
  /** Whether this is the time between its `after` and the end of its `for`. */
  isActive(): boolean
}

/** What happens to one request: all delays one after another, then the fault. */
export interface Strike {
  delays: { rule: LiveRule; ms: number }[]
  fault: LiveRule | undefined
}

export interface Engine {
  readonly rules: readonly LiveRule[]
  /** undefined when nothing happens to this request */
  decide(method: string, path: string, template: string): Strike | undefined
}

export interface EngineOptions {
  seed: number
  service: string
  /** milliseconds on any clock that only goes forward */
  now?: () => number
}

/**
 * Decides for each request what happens to it. Delays add up; of the other faults, the first rule that strikes wins.
 *
 * Every rule has random numbers of its own and takes two for each request that it matches, whatever the other rules and
 * the time say: whether its n-th request is struck depends on the seed and on nothing else.
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
  const forRequests = live.filter(({ fault }) => fault.kind !== 'memory')

  return {
    rules: live,
    decide(method, path, template) {
      const delays: Strike['delays'] = []
      let fault: LiveRule | undefined
      for (const rule of forRequests) {
        if (!matches(rule, method, path, template)) continue
        const [chance, size] = [rule.random(), rule.random()]
        if (fault || chance >= rule.share || !rule.isActive()) continue
        if (rule.fault.kind !== 'latency') fault = rule
        else delays.push({ rule, ms: rule.fault.sampleMs(sizes(size)) })
      }
      return fault || delays.length > 0 ? { delays, fault } : undefined
    },
  }
}

/** As many numbers as a distribution may need, all from one. */
function sizes(number: number): Random {
  return createRandom(number * 2 ** 32)
}
