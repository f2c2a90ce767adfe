import { fixOf, type Result } from '../ready/readiness.ts'
import { harmless, paint, table, timeText } from '../text.ts'
import { LEVELS } from './areas.ts'
import type { Maturity } from './maturity.ts'

export function maturityText({ level, areas, at }: Maturity, colors: boolean): string {
  const color = paint(colors)
  const rows = areas.map((area) => [
    area.name,
    levelText(area.level),
    area.missing.length === 0 ? 'nothing' : area.missing.map(({ check }) => check.id).join(', '),
  ])
  const steps = areas
    .filter(({ missing }) => missing.length > 0)
    .map(({ name, level, missing }) =>
      [
        `${color(name, 'bold')}: level ${levelText(level + 1)} needs`,
        ...missing.map((result) =>
          missingText(result, color(result.check.id, result.status === 'fail' ? 'red' : 'yellow')),
        ),
      ].join('\n'),
    )
  return [
    `${color(`Level ${levelText(level)}`, 'bold')}, that of the least mature area; ${timeText(at)}`,
    '',
    table([['AREA', 'LEVEL', 'THE NEXT ONE NEEDS'], ...rows]),
    ...steps.flatMap((step) => ['', step]),
  ].join('\n')
}

function missingText(result: Result, name: string): string {
  const { check, status, evidence } = result
  const fix = fixOf(result)
  return [
    `  ${name}: ${check.question}`,
    `    ${status === 'fail' ? 'Seen' : 'Unknown'}: ${harmless(evidence)}`,
    ...(fix === undefined ? [] : [`    Fix: ${harmless(fix)}`]),
  ].join('\n')
}

/** `2 proactive` */
export function levelText(level: number): string {
  return `${level} ${LEVELS[level] ?? ''}`
}
