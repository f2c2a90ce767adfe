import { formatDuration } from '@quickticket/monitoring/slo/duration'
import { type Budget, type BudgetAnswer, computeBudgets } from '../budget/compute.ts'
import type { Context } from '../context.ts'
import { idOf } from '../incident/incident.ts'
import { chooseObjectives } from '../objectives.ts'
import type { Prometheus } from '../prometheus.ts'
import type { Store } from '../store/store.ts'
import { lengthText, percentText } from '../text.ts'
import type { ConditionName, Policy } from './policies.ts'

/** One thing that has to hold for a release. */
export interface Condition {
  /** `no_open_incident`, or `budget gateway-latency` */
  name: string
  result: 'pass' | 'fail' | 'unknown'
  /** it holds, but not by much */
  warning: boolean
  evidence: string
  /** where it was looked: a query, or a file */
  lookedAt: string
}

export type GateSource = Pick<Context, 'prometheus' | 'store' | 'now'>

/** What is left of the budgets of these objectives. */
export async function checkBudgets(source: GateSource, policy: Policy): Promise<Condition[]> {
  if (policy.objectives.length === 0) return []
  const answers = await computeBudgets(source, chooseObjectives(policy.objectives), { at: source.now() })
  return answers.map((answer) => budgetCondition(answer, policy))
}

function budgetCondition({ slo, budget, unknown }: BudgetAnswer, policy: Policy): Condition {
  const name = `budget ${slo.name}`
  if (!budget) return { ...unknownBecause(unknown), name }
  const { spent, left, query, windowMs } = budget
  const limit = policy.haltAboveSpent
  const spentText = `${percentText(spent.share)} of ${formatDuration(windowMs)} is spent`
  const evidence = `${spentText}, halted above ${percentText(limit)}${seenText(budget)}`
  return {
    name,
    result: spent.share > limit ? 'fail' : 'pass',
    warning: left.share < policy.warnBelowLeft,
    evidence,
    lookedAt: query,
  }
}

function seenText({ coverage, seen }: Budget): string {
  return coverage < 0.98 ? `; Prometheus has seen only ${lengthText(seen.minutes * 60_000)} of it` : ''
}

/** Never rejects: what cannot be found out is `unknown`, with the reason. */
export async function checkCondition(source: GateSource, name: ConditionName): Promise<Condition> {
  try {
    return { name, warning: false, ...(await CHECKS[name](source)) }
  } catch (error) {
    return { ...unknownBecause(error as Error), name }
  }
}

type Finding = Pick<Condition, 'result' | 'evidence' | 'lookedAt'>

const CHECKS: Record<ConditionName, (source: GateSource) => Finding | Promise<Finding>> = {
  no_open_incident: checkIncidents,
  no_failed_restore: checkRestore,
  no_invariant_violations: checkInvariants,
  no_critical_alert: checkAlerts,
}

interface OpenIncident {
  number: number
  title: string
  severity: number
  status: string
}

function checkIncidents({ store }: GateSource): Finding {
  const open = store.all<OpenIncident>(
    "SELECT number, title, severity, status FROM incidents WHERE status <> 'resolved' AND severity <= 2 ORDER BY severity, number",
  )
  const texts = open.map(
    ({ number, title, severity, status }) => `${idOf(number)} SEV${severity} ${status}: ${title}`,
  )
  return {
    result: open.length > 0 ? 'fail' : 'pass',
    evidence: open.length > 0 ? texts.join('; ') : noneText(store),
    lookedAt: store.path,
  }
}

/** An empty database may be the wrong one, such as that of a pipeline. */
function noneText(store: Store): string {
  const recorded = store.get('SELECT 1 FROM incidents LIMIT 1') !== undefined
  return recorded ? 'no incident of SEV1 or SEV2 is open' : 'no incident was ever recorded in this database'
}

/** As the alert BackupNotVerified has it. */
const RESTORE_AGE_S = 15 * 60

async function checkRestore({ prometheus, now }: GateSource): Promise<Finding> {
  const lookedAt = 'time() - max(max_over_time(quickticket_backup_last_verified_timestamp_seconds[7d]))'
  const ageS = await prometheus.value(lookedAt, now())
  if (ageS === undefined) {
    return { result: 'pass', evidence: 'no backup has reported within 7d, so none has failed', lookedAt }
  }
  const limit = lengthText(RESTORE_AGE_S * 1000)
  return {
    result: ageS > RESTORE_AGE_S ? 'fail' : 'pass',
    evidence: `the last verified restore is ${lengthText(ageS * 1000)} old, at most ${limit} is allowed`,
    lookedAt,
  }
}

async function checkInvariants({ prometheus, now }: GateSource): Promise<Finding> {
  const lookedAt = 'max by (kind) (events_invariant_violations)'
  const kinds = await prometheus.query(lookedAt, now())
  if (kinds.length === 0) return noAudit(prometheus, now(), lookedAt)
  const violated = kinds.filter(({ value }) => value > 0)
  return {
    result: violated.length > 0 ? 'fail' : 'pass',
    evidence:
      violated.length > 0
        ? violated.map(({ labels, value }) => `${labels.kind}: ${value}`).join(', ')
        : `none of ${kinds.length} kinds`,
    lookedAt,
  }
}

/** An auditor that was there and reports nothing any more is a question; one that was never asked for is not. */
async function noAudit(prometheus: Prometheus, at: number, lookedAt: string): Promise<Finding> {
  const before = await prometheus.value(`count(present_over_time(events_invariant_violations[7d]))`, at)
  return before === undefined
    ? { result: 'pass', evidence: 'no auditor runs (AUDIT_INTERVAL_S), so it has found none', lookedAt }
    : { result: 'unknown', evidence: 'the auditor of events has stopped reporting to Prometheus', lookedAt }
}

async function checkAlerts({ prometheus, now }: GateSource): Promise<Finding> {
  const lookedAt = 'count by (alertname, service) (ALERTS{alertstate="firing",severity="critical"})'
  const rules = 'count(slo:objective:ratio)'
  const [firing, loaded] = await Promise.all([
    prometheus.query(lookedAt, now()),
    prometheus.value(rules, now()),
  ])
  if (firing.length > 0) {
    const names = firing.map(({ labels }) => `${labels.alertname} (${labels.service ?? 'no service'})`)
    return { result: 'fail', evidence: `firing: ${names.join(', ')}`, lookedAt }
  }
  if (loaded === undefined) {
    return { result: 'unknown', evidence: 'Prometheus evaluates no rules of monitoring/', lookedAt: rules }
  }
  return { result: 'pass', evidence: 'no critical alert fires', lookedAt }
}

function unknownBecause(error: Error | undefined): Omit<Condition, 'name'> {
  const lookedAt = (error as { lookedAt?: string } | undefined)?.lookedAt ?? ''
  return { result: 'unknown', warning: false, evidence: error?.message ?? 'no answer', lookedAt }
}
