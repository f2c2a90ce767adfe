import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { failuresOf } from '@quickticket/testing/promtool'
import { beforeAll, expect, test } from 'vitest'
import { parseDurationMs } from '../src/slo/duration.ts'
import { MONITORING } from '../src/slo/files.ts'

const RULES = join(MONITORING, 'prometheus/rules')

const SLOS = ['gateway-availability', 'gateway-latency', 'checkout-availability']

/** What Prometheus scrapes, and which alerts fire at which times of it. */
export interface Scenario {
  /** files in monitoring/prometheus/rules; all when left out, which takes longer */
  rules?: string[]
  /** between two scrapes and two evaluations */
  interval: string
  series: Record<string, string>
  /** all alerts that fire, at times on both sides of each change */
  firing: Record<string, string[]>
  /** expressions, and what they are at a time; null: nothing */
  values?: Record<string, Record<string, number | null>>
}

export type Rehearse = (title: string, scenario: Scenario) => void

/** Declares tests, each of one scenario, for which promtool is started once: in a container that takes longer than a scenario. */
export function rehearsals(): Rehearse {
  const scenarios: Scenario[] = []
  let failures: (string | undefined)[] = []
  beforeAll(async () => {
    failures = await failuresOf(scenarios.map(unitTest))
  }, 600_000)
  return (title, scenario) => {
    const index = scenarios.push(scenario) - 1
    test(title, () => expect(failures[index]).toBeUndefined())
  }
}

/**
 * The values of a counter that rises by so much a second for so long, phase by phase; `gone` means that it is not scraped.
 * @param interval between two scrapes
 */
export function counter(
  interval: string,
  ...phases: [perSecond: number | 'gone', duration: string][]
): string {
  return timeline(interval, phases, (value, perSecond, seconds) => value + perSecond * seconds, true)
}

export function gauge(interval: string, ...phases: [value: number | 'gone', duration: string][]): string {
  return timeline(interval, phases, (_, value) => value, false)
}

function timeline(
  interval: string,
  phases: [number | 'gone', string][],
  next: (before: number, phase: number, seconds: number) => number,
  rising: boolean,
): string {
  const step = parseDurationMs(interval)
  let value = 0
  return phases
    .map(([phase, duration]) => {
      const count = parseDurationMs(duration) / step
      if (phase === 'gone') return `_x${count}`
      const first = next(value, phase, step / 1000)
      const increase = rising ? first - value : 0
      value = first + increase * (count - 1)
      return `${first}+${increase}x${count - 1}`
    })
    .join(' ')
}

/** As a file for `promtool test rules`. */
function unitTest({ rules, interval, series, firing, values = {} }: Scenario): object {
  const alerts = Object.entries(firing).map(([eval_time, names]) => ({
    eval_time,
    expr: 'max by (alertname, slo, service) (ALERTS{alertstate="firing"})',
    exp_samples: names.map((name) => ({ labels: `{${labelsOf(name)}}`, value: 1 })),
  }))
  const samples = Object.entries(values).flatMap(([expr, times]) =>
    Object.entries(times).map(([eval_time, value]) => ({
      expr: `round(max(${expr}), 0.0001)`,
      eval_time,
      exp_samples: value === null ? [] : [{ labels: '{}', value }],
    })),
  )
  const only = {
    interval,
    input_series: Object.entries(series).map(([name, value]) => ({ series: name, values: value })),
    promql_expr_test: [...alerts, ...samples],
  }
  return {
    rule_files: (rules ?? readdirSync(RULES)).map((file) => join(RULES, file)),
    evaluation_interval: interval,
    // elsewhere it goes by chance which group is first, and so by up to one interval when an alert fires
    group_eval_order: [...SLOS.flatMap((slo) => [`slo-${slo}`, `slo-${slo}-long`]), 'slo_rules', 'system'],
    tests: [only],
  }
}

/** `SLOBurnRatePage gateway-availability` and `TargetDown@payments` */
function labelsOf(name: string): string {
  const [, alertname, slo, service] = /^(.*?)(?: ([a-z]+-[a-z]+))?(?:@(\w+))?$/.exec(name) ?? []
  const labels = { alertname, slo, service: service ?? 'gateway' }
  return Object.entries(labels)
    .filter(([, value]) => value)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ')
}
