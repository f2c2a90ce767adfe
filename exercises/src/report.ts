import type { Result } from './checks.ts'

export function isSolved({ requirements }: Result): boolean {
  return requirements.every(({ missing }) => missing === undefined)
}

/** For a terminal: each requirement, and below it what is missing. */
export function report(results: Result[]): string {
  return [...results.map(describeResult), results.map(countMet).join('\n')].join('\n')
}

function describeResult({ exercise, requirements }: Result): string {
  const lines = requirements.flatMap(({ requires, missing }) =>
    missing === undefined ? [`  met   ${requires}`] : [`  open  ${requires}`, ...indent(missing)],
  )
  return ['', exercise, ...lines, ''].join('\n')
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `        ${line}`)
}

function countMet({ exercise, requirements }: Result): string {
  const met = requirements.filter(({ missing }) => missing === undefined).length
  return `${exercise}: ${met} of ${requirements.length} requirements are met`
}
