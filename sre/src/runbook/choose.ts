import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { System } from '../context.ts'
import { UsageError } from '../verb.ts'
import { RUNBOOKS, type Runbook } from './runbook.ts'
import { readSteps, type Step } from './steps.ts'

const PROMETHEUS = {
  compose: 'docker exec quickticket-prometheus-1',
  cluster: 'kubectl -n monitoring exec deployment/prometheus --',
}

/**
 * The steps of a runbook for a system. On a cluster, as the README of the runbooks says: its own blocks; where there are none, those
 * that ask only Prometheus or an address of this machine, after ports have been forwarded.
 *
 * @throws {UsageError} for a system that the pages have no commands for
 */
export function stepsFor(runbook: Runbook, system: System, directory = RUNBOOKS): Step[] {
  if (system === 'local')
    throw new UsageError('the runbooks have commands for --system compose and --system cluster')
  if (system === 'compose')
    return runbook.steps.filter(({ runs, script }) =>
      runs === 'by hand' ? !/\bkubectl\b/.test(script) : runs === 'on Compose',
    )
  const steps = runbook.steps.flatMap((step) => forCluster(step, runbook.steps))
  return steps.some(({ script }) => /^curl .*:\/\/localhost:/m.test(script))
    ? [...forwards(directory), ...steps]
    : steps
}

function forCluster(step: Step, all: Step[]): Step[] {
  const script = step.script.replaceAll(PROMETHEUS.compose, PROMETHEUS.cluster)
  const usesDocker = /\bdocker\b/.test(script)
  if (step.runs === 'by hand') return usesDocker ? [] : [step]
  if (step.runs === 'on a cluster') return [step]
  const hasOwn = all.some(
    ({ runs, part, about }) => runs === 'on a cluster' && part === step.part && about === step.about,
  )
  return usesDocker || hasOwn || step.changes ? [] : [{ ...step, script }]
}

function forwards(directory: string): Step[] {
  const readme = readSteps(readFileSync(join(directory, 'README.md'), 'utf8'))
  return readme
    .filter(({ runs, script }) => runs === 'on a cluster' && script.includes('port-forward'))
    .map((step) => ({ ...step, part: 'README', about: 'Forwarded ports' }))
}

/** Those that look for the cause: neither a fix nor its verification. */
export function lookingSteps(steps: Step[]): Step[] {
  return steps.filter(({ part, changes }) => part !== 'Fix' && part !== 'How to verify' && !changes)
}

/** The fixes of these steps: a page may have several, one for each cause. */
export function fixesOf(steps: Step[]): string[] {
  const titles = steps.filter(({ part }) => part === 'Fix').map(({ about }) => about ?? 'Fix')
  return [...new Set(titles)]
}

/**
 * The fix that is meant by a few words of its heading.
 *
 * @throws {UsageError} when there is none, or more than one
 */
export function findFix(fixes: string[], text: string): string {
  const wanted = plain(text)
  const found = fixes.filter((title) => plain(title) === wanted)
  const similar = found.length > 0 ? found : fixes.filter((title) => plain(title).includes(wanted))
  if (similar.length === 1) return similar[0] as string
  const known = fixes.map((title) => JSON.stringify(plain(title))).join(', ')
  throw new UsageError(
    `--fix ${JSON.stringify(text)} must be one of ${known || 'none: the page has no fix that is a command'}`,
  )
}

/** As it is typed: `It was stopped` is `it-was-stopped`. */
export function plain(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
