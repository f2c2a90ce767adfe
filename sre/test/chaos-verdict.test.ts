import { describe, expect, test } from 'vitest'
import type { Measured, RunData } from '../src/chaos/journal.ts'
import { judge, scoreOf } from '../src/chaos/verdict.ts'

const INJECTED = 1_000_000
const ROLLBACK = INJECTED + 60_000

function data(change: Partial<RunData> = {}, during: (boolean | null)[] = [true, true, true, true]): RunData {
  return {
    system: 'local',
    title: 't',
    description: 'd',
    tags: [],
    hypothesis: [{ name: 'list', what: 'status', tolerance: { type: 'equals', value: 200 } }],
    actions: [],
    probes: [],
    abort: [],
    strategy: 'continuously',
    recoveryMs: 60_000,
    detection: null,
    measured: during.map((ok, index): Measured => {
      const value = ok === null ? null : ok ? 200 : 500
      return {
        probe: 'list',
        phase: 'during',
        at: INJECTED + index * 1000,
        value,
        ok,
        ...(ok === null && { error: 'no data' }),
      }
    }),
    injectedAt: INJECTED,
    rollbackAt: ROLLBACK,
    rolledBackAt: ROLLBACK,
    steadyAt: ROLLBACK,
    reasons: [],
    ...change,
  }
}

const detection = { alert: 'Slow', withinMs: 40_000 }

describe('the score', () => {
  test.each<[string, RunData, number]>([
    ['is 100 when everything was steady and recovered at once', data(), 100],
    ['counts steady 50 of 80 without an alert', data({}, [true, true, false, false]), 68.8],
    ['falls by half of the recovery at its limit', data({ steadyAt: ROLLBACK + 60_000 }), 81.3],
    ['has nothing for a recovery that does not come', data({ steadyAt: undefined as never }), 62.5],
    ['counts an alert after half of its time', data({ detection, detectedAt: INJECTED + 20_000 }), 95],
    ['has nothing for an alert that is late', data({ detection, detectedAt: INJECTED + 41_000 }), 80],
    ['does not count what could not be measured', data({}, [true, null, null, null]), 100],
  ])('%s', (_, given, expected) => {
    expect(scoreOf(given)).toBe(expected)
  })

  test('has nothing for steadiness after an abort limit', () => {
    expect(scoreOf(data(), { limitPassed: true })).toBe(37.5)
  })
})

describe('the hypothesis', () => {
  test('holds when everything that is judged is in tolerance', () => {
    expect(judge(data({ detection, detectedAt: INJECTED + 1000 }))).toMatchObject({
      outcome: 'held',
      reasons: [],
    })
  })

  test('is broken by one measurement out of tolerance', () => {
    expect(judge(data({}, [true, false, true, true]))).toMatchObject({
      outcome: 'broken',
      reasons: ['during: list out of tolerance 1 of 4 times: 500, allowed 200'],
    })
  })

  test('is broken when the expected alert does not fire in time', () => {
    expect(judge(data({ detection }))).toMatchObject({
      outcome: 'broken',
      reasons: ['detection: the alert Slow did not fire within 40 s'],
    })
  })

  test('cannot be told when a probe had no value during the whole injection', () => {
    expect(judge(data({}, [null, null]))).toMatchObject({
      outcome: 'unknown',
      score: undefined,
      reasons: ['during: list could not be measured: no data'],
    })
  })
})
