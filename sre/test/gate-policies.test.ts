import { describe, expect, test } from 'vitest'
import { parsePolicies, readPolicies } from '../src/gate/policies.ts'

const OBJECTIVES = ['checkout-availability', 'gateway-availability']

const FILE = `
policies:
  conservative:
    halt_above_spent: 80
    warn_below_left: 20
    conditions: [no_open_incident, no_critical_alert]
    actions: [Release less.]
services:
  all:
    policy: conservative
    objectives: [checkout-availability]
    may_override: [sre-on-call]
  payments:
    policy: conservative
    halt_above_spent: 70
    objectives: []
    may_override: []
  events:
    halt_above_spent: 99.5
    conditions: []
    objectives: [gateway-availability]
    may_override: [sre-on-call]
override_for: 1h
override_at_most: 24h
`

describe('the policies', () => {
  test('of this repository are right, and conservative for money', () => {
    const { services } = readPolicies()
    expect([...services.keys()]).toEqual(['all', 'gateway', 'events', 'payments', 'notifications'])
    expect(services.get('payments')).toMatchObject({
      name: 'conservative',
      haltAboveSpent: 0.8,
      warnBelowLeft: 0.2,
      objectives: ['checkout-availability'],
    })
    expect(services.get('notifications')).toMatchObject({ name: 'aggressive', haltAboveSpent: 0.95 })
  })

  test('a service takes those of its policy, some of its own, or only its own', () => {
    const { services, overrideForMs, overrideAtMostMs } = parsePolicies(FILE, OBJECTIVES)
    expect(services.get('all')).toEqual({
      name: 'conservative',
      haltAboveSpent: 0.8,
      warnBelowLeft: 0.2,
      conditions: ['no_open_incident', 'no_critical_alert'],
      actions: ['Release less.'],
      objectives: ['checkout-availability'],
      mayOverride: ['sre-on-call'],
    })
    expect(services.get('payments')).toMatchObject({ haltAboveSpent: 0.7, warnBelowLeft: 0.2 })
    expect(services.get('events')).toMatchObject({
      name: 'own',
      haltAboveSpent: 0.995,
      conditions: [],
      actions: [],
    })
    expect([overrideForMs, overrideAtMostMs]).toEqual([3_600_000, 86_400_000])
  })

  test.each([
    [
      'halt_above_spent: 80',
      'halt_above_spent: 120',
      'policies.conservative.halt_above_spent is 120; allowed: a number, at least 0, at most 100',
    ],
    [
      'halt_above_spent: 80',
      'halt_above_spent: 80 %',
      'policies.conservative.halt_above_spent is "80 %"; allowed: a number, at least 0, at most 100',
    ],
    [
      'warn_below_left: 20',
      'warn_bellow_left: 20',
      'policies.conservative.warn_bellow_left is not known; allowed: halt_above_spent, warn_below_left, conditions, actions',
    ],
    [
      '[no_open_incident, no_critical_alert]',
      '[no_incident]',
      'policies.conservative.conditions[0] is "no_incident"; allowed: one of no_open_incident, no_failed_restore, no_invariant_violations, no_critical_alert',
    ],
    [
      'policy: conservative',
      'policy: careful',
      'services.all.policy is "careful"; allowed: one of conservative',
    ],
    [
      '[checkout-availability]',
      '[checkout]',
      'services.all.objectives[0] is "checkout"; allowed: one of checkout-availability, gateway-availability',
    ],
    [
      'may_override: []',
      'may_override: anyone',
      'services.payments.may_override is "anyone"; allowed: a list',
    ],
    [
      'halt_above_spent: 99.5\n',
      '\n',
      'services.events.halt_above_spent is missing; allowed: a number, at least 0, at most 100',
    ],
    ['  all:', '  every:', 'services.all is missing; allowed: a service'],
    [
      'override_for: 1h',
      'override_for: 2d',
      'override_for is "2d"; allowed: a duration such as 500ms, 30s or 2m, at most 86400s',
    ],
    [
      'override_at_most: 24h',
      'override_at_most: often',
      'override_at_most is "often"; allowed: a duration such as 500ms, 30s or 2m, at most 604800s',
    ],
    [
      'policies:\n',
      'polices:\n',
      'polices is not known; allowed: policies, services, override_for, override_at_most',
    ],
    [
      'policies:\n',
      'policies: [\n',
      'Nested mappings are not allowed in compact mappings at line 4, column 23',
    ],
  ])('with %j written as %j are refused by one line', (right, wrong, message) => {
    expect(FILE).toContain(right)
    const given = () => parsePolicies(FILE.replace(right, wrong), OBJECTIVES)
    expect(given).toThrow(`sre/policies.yaml: ${message}`)
    expect(given).toThrow(/^[^\n]+$/)
  })
})
