import type { FastifyBaseLogger } from 'fastify'
import { createEngine, type Engine, type EngineOptions, type LiveRule } from './engine.ts'
import type { GroundTruth } from './ground-truth.ts'
import type { Rule } from './rule.ts'
import { scheduleWindow } from './schedule.ts'

/** The rules in force. They can be replaced while requests arrive. */
export interface LiveRules {
  readonly seed: number
  list(): readonly LiveRule[]
  decide: Engine['decide']
  /** Ends the present rules and starts these. */
  replace(rules: Rule[]): void
}

export interface LiveRulesOptions extends EngineOptions {
  truth: GroundTruth
  log: FastifyBaseLogger
}

export function createLiveRules({ truth, log, ...options }: LiveRulesOptions): LiveRules {
  let engine = createEngine([], options)
  const endings: (() => void)[] = []
  truth.watch(() => engine.rules.map((rule) => ({ kind: rule.kind.name, active: rule.isActive() })))

  function start(rule: LiveRule): void {
    const { effect } = rule
    if (effect.stage === 'request' && effect.end) {
      endings.push(scheduleWindow(rule, { end: effect.end }))
    }
    if (effect.stage === 'process') {
      const begin = () => {
        rule.injected++
        truth.report(rule.kind.name, '*', log)
        effect.begin(rule.share)
      }
      endings.push(scheduleWindow(rule, { begin, end: effect.end }))
    }
  }

  return {
    seed: options.seed,
    list: () => engine.rules,
    decide: (...request) => engine.decide(...request),
    replace(rules) {
      for (const end of endings.splice(0)) end()
      engine = createEngine(rules, options)
      engine.rules.forEach(start)
    },
  }
}
