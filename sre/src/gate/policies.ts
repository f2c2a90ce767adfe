import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { REPOSITORY } from '../context.ts'
import { durationAt, listAt, numberAt, objectAt, oneOfAt, textAt } from '../fields.ts'
import { readObjectives } from '../objectives.ts'
import { UsageError } from '../verb.ts'

const CONDITIONS = [
  'no_open_incident',
  'no_failed_restore',
  'no_invariant_violations',
  'no_critical_alert',
] as const
export type ConditionName = (typeof CONDITIONS)[number]

/** What has to hold for a release of one service. */
export interface Policy {
  /** `conservative`, or `own` where the service sets its numbers itself */
  name: string
  /** share of a budget above which a release is halted */
  haltAboveSpent: number
  /** share of a budget below which the actions are listed */
  warnBelowLeft: number
  conditions: ConditionName[]
  actions: string[]
  /** names of objectives */
  objectives: string[]
  /** names of people or roles */
  mayOverride: string[]
}

export interface Policies {
  services: Map<string, Policy>
  overrideForMs: number
  overrideAtMostMs: number
}

type Rules = Pick<Policy, 'haltAboveSpent' | 'warnBelowLeft' | 'conditions' | 'actions'>
type Fields = Record<string, unknown>

const FILE = 'sre/policies.yaml'
const RULE_FIELDS = ['halt_above_spent', 'warn_below_left', 'conditions', 'actions']
const SERVICE_FIELDS = ['policy', 'objectives', 'may_override', ...RULE_FIELDS]
const DAY_MS = 86_400_000

/** @throws {UsageError} one line that says which field is wrong and what is allowed */
export function readPolicies(): Policies {
  const known = readObjectives().map(({ name }) => name)
  return parsePolicies(readFileSync(join(REPOSITORY, FILE), 'utf8'), known)
}

/** @param known names of objectives @throws {UsageError} as `readPolicies` */
export function parsePolicies(text: string, known: string[]): Policies {
  try {
    return policiesOf(parse(text), known)
  } catch (error) {
    // YAML's message goes on with the lines around it
    const [line = ''] = (error as Error).message.split('\n', 1)
    throw new UsageError(`${FILE}: ${line.replace(/:$/, '')}`)
  }
}

function policiesOf(given: unknown, known: string[]): Policies {
  const fields = objectAt(given, '', ['policies', 'services', 'override_for', 'override_at_most'])
  const named = new Map(
    Object.entries(anyKeys(fields.policies, 'policies')).map(([name, rules]) => {
      const path = `policies.${name}`
      return [name, rulesOf(objectAt(rules, path, RULE_FIELDS), path, undefined)]
    }),
  )
  const services = new Map(
    Object.entries(anyKeys(fields.services, 'services')).map(([name, service]) => {
      const path = `services.${name}`
      return [name, serviceOf(objectAt(service, path, SERVICE_FIELDS), path, { named, known })]
    }),
  )
  if (!services.has('all')) throw new UsageError('services.all is missing; allowed: a service')
  const overrideAtMostMs = durationAt(fields.override_at_most, 'override_at_most', { maxMs: 7 * DAY_MS })
  return {
    services,
    overrideAtMostMs,
    overrideForMs: durationAt(fields.override_for, 'override_for', { maxMs: overrideAtMostMs }),
  }
}

function serviceOf(
  fields: Fields,
  path: string,
  { named, known }: { named: Map<string, Rules>; known: string[] },
): Policy {
  const name =
    fields.policy === undefined ? undefined : oneOfAt(fields.policy, `${path}.policy`, [...named.keys()])
  return {
    name: name ?? 'own',
    ...rulesOf(fields, path, name === undefined ? undefined : named.get(name)),
    objectives: choicesAt(fields.objectives, `${path}.objectives`, known),
    mayOverride: listAt(fields.may_override, `${path}.may_override`).map((one, index) =>
      textAt(one, `${path}.may_override[${index}]`),
    ),
  }
}

/** @param otherwise the rules of the named policy, for the fields that are not there */
function rulesOf(fields: Fields, path: string, otherwise: Rules | undefined): Rules {
  const percent = (field: string) => numberAt(fields[field], `${path}.${field}`, { min: 0, max: 100 }) / 100
  const isGiven = (field: string) => fields[field] !== undefined || otherwise === undefined
  return {
    haltAboveSpent: isGiven('halt_above_spent')
      ? percent('halt_above_spent')
      : (otherwise?.haltAboveSpent ?? 1),
    warnBelowLeft:
      fields.warn_below_left === undefined ? (otherwise?.warnBelowLeft ?? 0) : percent('warn_below_left'),
    conditions: isGiven('conditions')
      ? choicesAt(fields.conditions, `${path}.conditions`, CONDITIONS)
      : (otherwise?.conditions ?? []),
    actions:
      fields.actions === undefined
        ? (otherwise?.actions ?? [])
        : listAt(fields.actions, `${path}.actions`).map((one, index) =>
            textAt(one, `${path}.actions[${index}]`),
          ),
  }
}

function choicesAt<T extends string>(value: unknown, path: string, allowed: readonly T[]): T[] {
  return listAt(value, path).map((one, index) => oneOfAt(one, `${path}[${index}]`, allowed))
}

function anyKeys(value: unknown, path: string): Fields {
  return objectAt(value, path, Object.keys((value ?? {}) as Fields))
}
