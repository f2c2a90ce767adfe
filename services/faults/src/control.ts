import type { FastifyBaseLogger } from 'fastify'
import { createEngine, type Engine, type EngineOptions, type LiveRule } from './engine.ts'
import type { GroundTruth } from './ground-truth.ts'
import { createMemoryLeak } from './memory-leak.ts'
import { createPoolLeak, type LeakyPool, type PoolLeak } from './pool-leak.ts'
import type { Rule } from './rule.ts'
import { during } from './window.ts'

/** The rules that are in force. They can be replaced while requests come. */
export interface Control {
  readonly seed: number
  rules(): readonly LiveRule[]
  decide: Engine['decide']
  /** The leak that belongs to a rule of kind db-pool-leak. */
  poolLeak(rule: LiveRule): PoolLeak | undefined
  /** Ends all there are and begins these, from their `after` on. */
  replace(rules: Rule[]): void
}

export interface ControlOptions extends EngineOptions {
  truth: GroundTruth
  log: FastifyBaseLogger
  /** undefined: db-pool-leak does nothing */
  pool: LeakyPool | undefined
}

export function createControl({ truth, log, pool, ...options }: ControlOptions): Control {
  let engine = createEngine([], options)
  const endings: (() => void)[] = []
  const poolLeaks = new Map<LiveRule, PoolLeak>()
  truth.watch(() => engine.rules.map((rule) => ({ kind: rule.fault.kind, active: rule.isActive() })))

  function beginBackground(rule: LiveRule): void {
    if (rule.fault.kind === 'db-pool-leak' && pool) {
      const leak = createPoolLeak(pool)
      poolLeaks.set(rule, leak)
      endings.push(during(rule, leak))
    }
    if (rule.fault.kind === 'memory') {
      const leak = createMemoryLeak(rule.fault.bytesPerSecond * rule.share)
      const begin = () => {
        rule.injected++
        truth.tell('memory', '*', log)
        leak.begin()
      }
      endings.push(during(rule, { begin, end: leak.end }))
    }
  }

  return {
    seed: options.seed,
    rules: () => engine.rules,
    decide: (...request) => engine.decide(...request),
    poolLeak: (rule) => poolLeaks.get(rule),
    replace(rules) {
      for (const end of endings.splice(0)) end()
      poolLeaks.clear()
      engine = createEngine(rules, options)
      for (const rule of engine.rules) beginBackground(rule)
    },
  }
}
