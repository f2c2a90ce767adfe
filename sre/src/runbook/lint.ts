import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readIncidentRules } from '../incident/rules.ts'
import { CannotTell } from '../verb.ts'
import { fixesOf, plain } from './choose.ts'
import { type FrontMatter, readFrontMatter } from './front-matter.ts'
import { type AlertRule, readAlertRules } from './rules.ts'
import { RUNBOOKS, runbookNames } from './runbook.ts'
import { faultOfMark, PARTS, readSteps, type Step } from './steps.ts'

/** Commands that change something, as far as their words tell. */
const CHANGES = [
  /\bdocker (?:compose (?:-\S+ \S+ )*)?(?:up|start|stop|restart|rm|kill|down|pause|unpause|build|run)\b/,
  /\bkubectl (?:-n \S+ )?(?:apply|delete|scale|patch|create|edit|cordon|uncordon|drain|annotate|label|replace)\b/,
  /\bkubectl (?:-n \S+ )?(?:rollout (?:restart|undo)|argo rollouts (?:abort|undo|restart|promote|retry|set))\b/,
  /\bkubectl (?:-n \S+ )?set (?!env \S+ --list)/,
  /\bcurl\b.* (?:-X|--request) ?(?:POST|PUT|PATCH|DELETE)\b/,
  /\bredis-cli\b.* (?:flushall|flushdb|set|del|config set)\b/i,
  /\bpsql\b.*(?:\b(?:update|delete|insert|drop|truncate|alter|vacuum) |pg_(?:terminate|cancel)_backend)/i,
]

interface Where {
  /** the pages */
  runbooks?: string
  /** the rules of Prometheus */
  rules?: string
  /** by default `allowed_automatic` of sre/incidents.yaml */
  allowed?: string[]
}

/**
 * What is wrong with the pages, one line for each fault: `docs/runbooks/target-down.md:12: …`
 *
 * @throws {CannotTell} when there is no bash
 */
export function lint({
  runbooks = RUNBOOKS,
  rules,
  allowed = readIncidentRules().allowedAutomatic,
}: Where = {}): string[] {
  const alerts = readAlertRules(rules)
  const names = runbookNames(runbooks)
  const ofAlerts = alerts.flatMap(({ alert, runbook, file }) => {
    if (runbook !== undefined && names.includes(runbook)) return []
    const why =
      runbook === undefined ? 'has no runbook' : `leads to docs/runbooks/${runbook}.md, which is not there`
    return [`monitoring/prometheus/rules/${file}: ${alert} ${why}`]
  })
  const ofPages = names.flatMap((name) =>
    faultsOfPage(
      readFileSync(join(runbooks, `${name}.md`), 'utf8'),
      alerts.filter(({ runbook }) => runbook === name),
      alerts,
    ).map(([line, fault]) => `docs/runbooks/${name}.md:${line}: ${fault}`),
  )
  const ofAllowed = allowed.flatMap((entry) => {
    const fault = faultOfAllowed(entry, names, runbooks)
    return fault === undefined ? [] : [`sre/incidents.yaml: allowed_automatic: "${entry}" ${fault}`]
  })
  return [...ofAlerts, ...ofPages, ...ofAllowed]
}

/** Of what may change the system by itself, each must be one fix of one page. */
function faultOfAllowed(entry: string, names: string[], runbooks: string): string | undefined {
  const [name = '', fix] = entry.split('/')
  if (!names.includes(name)) return 'is no runbook'
  const markdown = readFileSync(join(runbooks, `${name}.md`), 'utf8')
  const fixes = fixesOf(readSteps(markdown).filter(({ runs }) => runs !== 'by hand')).map(plain)
  if (fix === undefined ? fixes.length === 1 : fixes.includes(fix)) return undefined
  const choices = fixes.map((each) => `${name}/${each}`).join(', ')
  return fixes.length === 0 ? 'has no fix that is a command' : `must be one of ${choices}`
}

type Fault = [line: number, fault: string]

function faultsOfPage(markdown: string, own: AlertRule[], all: AlertRule[]): Fault[] {
  return [...faultsOfFront(markdown, own, all), ...faultsOfParts(markdown), ...faultsOfSteps(markdown)]
}

function faultsOfFront(markdown: string, own: AlertRule[], all: AlertRule[]): Fault[] {
  let front: FrontMatter
  try {
    front = readFrontMatter(markdown)
  } catch (error) {
    return [[1, (error as Error).message.split('\n', 1)[0] as string]]
  }
  const linked = [...new Set(own.map(({ alert }) => alert))]
  const severities = [...new Set(own.map(({ severity }) => severity))]
  return [
    ...front.alerts
      .filter((alert) => !all.some((rule) => rule.alert === alert))
      .map((alert): Fault => [1, `alerts: Prometheus has no alert ${alert}`]),
    ...front.alerts
      .filter((alert) => all.some((rule) => rule.alert === alert) && !linked.includes(alert))
      .map((alert): Fault => [1, `alerts: ${alert} leads to another page`]),
    ...linked
      .filter((alert) => !front.alerts.includes(alert))
      .map((alert): Fault => [1, `alerts: ${alert} leads here and is missing`]),
    ...(linked.length > 0 && [...severities].sort().join() !== [...front.severity].sort().join()
      ? [[1, `severity: the alerts are ${severities.join(', ')}`] as Fault]
      : []),
  ]
}

function faultsOfParts(markdown: string): Fault[] {
  const found = [...markdown.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
  const missing = PARTS.filter((part) => !found.includes(part))
  if (missing.length > 0) return missing.map((part): Fault => [1, `the part "${part}" is missing`])
  if (found.join() !== PARTS.join()) return [[1, `its parts must be, in this order: ${PARTS.join(', ')}`]]
  const causes = markdown.split('\n## Likely causes\n')[1]?.split('\n## ')[0] ?? ''
  return /^### /m.test(causes) ? [] : [[lineOf(markdown, '## Likely causes'), 'it names no cause']]
}

function lineOf(markdown: string, line: string): number {
  return markdown.split('\n').indexOf(line) + 1
}

function faultsOfSteps(markdown: string): Fault[] {
  let steps: Step[]
  try {
    steps = readSteps(markdown)
  } catch (error) {
    return [[1, (error as Error).message]]
  }
  const looking = steps.some(({ part, changes }) => part === 'How to look' && !changes)
  return [
    ...steps.flatMap((step) => faultsOfStep(step).map((fault): Fault => [step.line, fault])),
    ...(looking ? [] : [[lineOf(markdown, '## How to look'), 'no command looks'] as Fault]),
  ]
}

function faultsOfStep({ script, marks, changes, part, runs }: Step): string[] {
  const { status, stderr, error } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })
  if (error) throw new CannotTell(`The blocks are checked by bash: ${error.message}`, 'PATH')
  const changing = script.split('\n').find((line) => CHANGES.some((command) => command.test(line)))
  const isUnmarked = changing !== undefined && !changes && !marks.includes('looks')
  return [
    ...marks.flatMap((mark) => faultOfMark(mark) ?? []),
    ...(status === 0 ? [] : [`it is no shell: ${stderr.trim().split('\n')[0]}`]),
    ...(isUnmarked && runs !== 'by hand'
      ? [
          `"${changing.trim()}" changes the system: it belongs into "Fix", or needs the mark changes (or looks)`,
        ]
      : []),
    ...(changes && (part === 'How to look' || part === 'Likely causes')
      ? [`a step of "${part}" must not change the system`]
      : []),
  ]
}
