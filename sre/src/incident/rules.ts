import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { REPOSITORY } from '../context.ts'
import { durationAt, listAt, numberAt, objectAt, textAt } from '../fields.ts'
import { UsageError } from '../verb.ts'
import type { Severity } from './incident.ts'

/** How alerts become incidents. */
export interface IncidentRules {
  /** an alert joins a related incident whose newest alert began at most this long before or after it */
  joinWindowMs: number
  /** a fault that began at most this long before the first alert is the begin */
  beginWindowMs: number
  /** an alert that Alertmanager has had for this long without its message is read from there */
  arrivesWithinMs: number
  severityOf(labels: Record<string, string>): Severity
  /** those that `needs` names */
  services: string[]
  /** whether one of two services is the other, or needs it, directly or not */
  areRelated(one: string, other: string): boolean
  /** the runbooks whose changing steps may run without a person */
  allowedAutomatic: string[]
}

const FILE = 'sre/incidents.yaml'
const KEYS = [
  'join_window',
  'begin_window',
  'arrives_within',
  'severities',
  'otherwise',
  'needs',
  'allowed_automatic',
]

/** @throws {UsageError} one line that says which field is wrong and what is allowed */
export function readIncidentRules(): IncidentRules {
  return parseIncidentRules(readFileSync(join(REPOSITORY, FILE), 'utf8'))
}

/** @throws {UsageError} */
export function parseIncidentRules(text: string): IncidentRules {
  try {
    return rulesOf(objectAt(parse(text), 'the file', KEYS))
  } catch (error) {
    throw new UsageError(`${FILE}: ${(error as Error).message.split('\n', 1)[0]}`)
  }
}

function rulesOf(given: Record<string, unknown>): IncidentRules {
  const severities = listAt(given.severities, 'severities').map((row, index) => {
    const path = `severities[${index}]`
    const { labels, severity } = objectAt(row, path, ['labels', 'severity'])
    return {
      labels: entriesAt(labels, `${path}.labels`).map(
        ([label, value]) => [label, textAt(value, `${path}.labels.${label}`)] as const,
      ),
      severity: severityAt(severity, `${path}.severity`),
    }
  })
  const otherwise = severityAt(given.otherwise, 'otherwise')
  const needs = new Map(
    entriesAt(given.needs, 'needs').map(([service, needed]) => [
      service,
      textsAt(needed, `needs.${service}`),
    ]),
  )
  return {
    joinWindowMs: durationAt(given.join_window, 'join_window'),
    beginWindowMs: durationAt(given.begin_window, 'begin_window'),
    arrivesWithinMs: durationAt(given.arrives_within, 'arrives_within'),
    severityOf: (labels) =>
      severities.find((row) => row.labels.every(([label, value]) => labels[label] === value))?.severity ??
      otherwise,
    services: [...new Set([...needs.keys(), ...[...needs.values()].flat()])],
    areRelated: (one, other) =>
      one === other || needsOf(needs, one).has(other) || needsOf(needs, other).has(one),
    allowedAutomatic: textsAt(given.allowed_automatic, 'allowed_automatic'),
  }
}

/** A mapping whose keys are free. */
function entriesAt(value: unknown, path: string): [string, unknown][] {
  return Object.entries(objectAt(value, path, Object.keys(Object(value))))
}

function textsAt(value: unknown, path: string): string[] {
  return listAt(value, path).map((text, index) => textAt(text, `${path}[${index}]`))
}

function severityAt(value: unknown, path: string): Severity {
  const severity = numberAt(value, path, { min: 1, max: 4 })
  if (Number.isInteger(severity)) return severity as Severity
  throw new UsageError(`${path} is ${severity}; allowed: 1, 2, 3, 4`)
}

/** All that a service needs, directly or not. */
function needsOf(needs: Map<string, string[]>, service: string): Set<string> {
  const found = new Set<string>()
  const visit = (name: string): void => {
    for (const needed of needs.get(name) ?? []) {
      if (found.has(needed)) continue
      found.add(needed)
      visit(needed)
    }
  }
  visit(service)
  return found
}
