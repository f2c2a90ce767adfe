import { harmless, paint, table, timeText } from '../text.ts'
import type { Status } from './check.ts'
import { fixOf, type Readiness, type Result } from './readiness.ts'

const COLORS = { pass: 'green', fail: 'red', unknown: 'yellow', 'not applicable': 'dim' } as const
const SHOWN: Record<Status, string> = {
  pass: 'pass',
  fail: 'FAIL',
  unknown: 'unknown',
  'not applicable': 'n/a',
}

export function readinessText({ results, counts, services, at }: Readiness, colors: boolean): string {
  const color = paint(colors)
  const rows = results.map(({ check, status, evidence, at: seenAt }) => [
    color(SHOWN[status], COLORS[status]),
    check.id,
    seenAt === undefined ? '' : timeText(seenAt),
    harmless(evidence, 140),
  ])
  const toDo = results
    .filter(({ status }) => status === 'fail' || status === 'unknown')
    .map((result) => toDoText(result, color(result.check.id, COLORS[result.status])))
  return [
    `${color(scoreText(counts), 'bold')}: ${services.join(', ')}, ${timeText(at)}`,
    '',
    table([['STATUS', 'CHECK', 'SEEN AT', 'EVIDENCE'], ...rows]),
    ...(toDo.length > 0 ? ['', 'To do:', '', toDo.join('\n\n')] : []),
  ].join('\n')
}

function toDoText(result: Result, name: string): string {
  const { check, status, evidence } = result
  const fix = fixOf(result)
  return [
    `${name}: ${check.question}`,
    `  Risk: ${check.risk}`,
    ...(status === 'unknown' ? [`  Unknown: ${harmless(evidence)}`] : []),
    ...(fix === undefined ? [] : [`  Fix:  ${harmless(fix)}`]),
  ].join('\n')
}

/** `15 of 22 pass, 1 unknown`. A check that does not apply does not count. */
export function scoreText({ pass, fail, unknown }: Record<Status, number>): string {
  return `${pass} of ${pass + fail + unknown} pass, ${unknown} unknown`
}
