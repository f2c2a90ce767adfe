import { excerpt, type History } from './history.ts'
import type { TrialResult } from './trial.ts'

const MOST_ANOMALIES = 10

export function progressLine({ calls, strikes }: History, seconds: number): string {
  const answered = calls.filter((call) => call.status > 0)
  const failed = answered.filter((call) => call.status >= 500).length
  const paid = calls.filter((call) => call.kind === 'pay' && call.status === 200).length
  const open = strikes.filter((strike) => strike.end === Number.POSITIVE_INFINITY).map(({ kind }) => kind)
  return (
    `[${Math.round(seconds)}s] calls=${calls.length} answered=${answered.length} 5xx=${failed} paid=${paid} ` +
    `faults=${strikes.length}${open.length > 0 ? ` now: ${open.join(', ')}` : ''}`
  )
}

/** What was done, what was broken, and what came of it. */
export function printResult({ history, anomalies, orders, voided }: TrialResult): void {
  const tally = (names: string[]) =>
    [...Map.groupBy(names, (name) => name)].map(([name, all]) => `${name} ${all.length}`).join(', ')
  console.log(
    `calls: ${tally(history.calls.map((call) => `${call.kind} ${call.status || 'no answer'}`).toSorted())}`,
  )
  console.log(`faults: ${tally(history.strikes.map((strike) => strike.kind).toSorted())}`)
  console.log(`orders stored: ${orders}, checkouts voided: ${voided}`)
  console.log(`violations: ${anomalies.length}`)
  for (const { rule, subject, detail } of anomalies.slice(0, MOST_ANOMALIES)) {
    console.log(`  ${rule}: ${subject}: ${detail}`)
    for (const line of excerpt(history, subject)) console.log(line)
  }
  if (anomalies.length > MOST_ANOMALIES) console.log(`  … and ${anomalies.length - MOST_ANOMALIES} more`)
}
