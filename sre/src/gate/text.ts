import { harmless, lengthText, paint, table, timeText } from '../text.ts'
import type { Condition } from './conditions.ts'
import type { GateAnswer } from './decide.ts'

const COLORS = { allowed: 'green', halted: 'red', overridden: 'yellow', unknown: 'yellow' } as const
const RESULT_COLORS = { pass: 'green', fail: 'red', unknown: 'yellow' } as const

/** The answer for a terminal: the decision, why, and what can be done. */
export function gateText(answer: GateAnswer, colors: boolean): string {
  const { service, decision, conditions, actions, policy } = answer
  const color = paint(colors)
  const rows = conditions.map(({ name, result, warning, evidence }) => [
    color(
      warning && result === 'pass' ? 'warn' : result,
      warning && result === 'pass' ? 'yellow' : RESULT_COLORS[result],
    ),
    name,
    harmless(evidence),
  ])
  return [
    `${color(service, 'bold')}  ${color(decision, COLORS[decision])}: ${summaryOf(answer)} (policy ${policy})`,
    table(rows).replace(/^/gm, '  '),
    ...(actions.length > 0
      ? ['', 'Little of a budget is left:', ...actions.map((action) => `  - ${action}`)]
      : []),
    ...lookedAt(conditions),
    ...(decision === 'halted' || decision === 'unknown' ? ['', ...overrideHelp(answer)] : []),
  ].join('\n')
}

function summaryOf({ decision, conditions, override, at }: GateAnswer): string {
  const count = (result: Condition['result']) => conditions.filter((one) => one.result === result).length
  if (decision === 'allowed') return 'it may be released'
  if (override) {
    const rest = lengthText(override.expiresAt - at)
    const who = `${harmless(override.by)} decided so: ${harmless(override.reason)}`
    return `it may be released until ${timeText(override.expiresAt)} (${rest}), because ${who}`
  }
  if (decision === 'halted')
    return `it may not be released, ${count('fail')} of ${conditions.length} conditions fail`
  return `cannot tell, ${count('unknown')} of ${conditions.length} conditions are unknown`
}

/** Where what failed or is unknown can be looked at again. */
function lookedAt(conditions: Condition[]): string[] {
  const places = conditions
    .filter(({ result }) => result !== 'pass')
    .map(({ name, lookedAt: place }) =>
      name.startsWith('budget ') ? [name, `npm run sre -- ${name}`] : [name, harmless(place)],
    )
  return places.length === 0 ? [] : ['', 'Where to look:', table(places).replace(/^/gm, '  ')]
}

function overrideHelp({ service, mayOverride }: GateAnswer): string[] {
  if (mayOverride.length === 0) return ['An override is not allowed.']
  const [by] = mayOverride
  return [
    `These may override it: ${mayOverride.join(', ')}.`,
    `  npm run sre -- gate --service ${service} --override --by ${by} --reason "WHY" --for 1h`,
  ]
}
