import type { Check, Inspected } from '../../ready/check.ts'
import { lengthText } from '../../text.ts'
import { weeksWithout } from './weeks.ts'

export const failureRehearsed: Check = {
  id: 'failure-rehearsed',
  question: 'Has at least one failure been rehearsed?',
  risk: 'What the system does when a part fails is a guess.',
  weight: 1,
  fix: '`npm run sre -- chaos list`, then `npm run sre -- chaos run` with the first of them',
  run(inspected) {
    const times = rehearsals(inspected)
    const { maxAgeMs, context } = inspected
    return {
      status: times.length > 0 ? 'pass' : 'fail',
      evidence: `${times.length} experiments ended in the last ${lengthText(maxAgeMs)}`,
      at: times.at(-1) ?? context.now(),
    }
  },
}

export const rehearsedWeekly: Check = {
  id: 'rehearsed-weekly',
  question: 'Are failures rehearsed every week?',
  risk: 'A change undoes what an experiment has shown, and it is noticed months later.',
  weight: 1,
  fix: 'Let `npm run sre -- chaos schedule` run',
  run(inspected) {
    const now = inspected.context.now()
    const missing = weeksWithout(rehearsals(inspected), now)
    return {
      status: missing === 0 ? 'pass' : 'fail',
      evidence: `${missing} of the last 4 weeks had none`,
      at: now,
    }
  },
}

function rehearsals({ context: { store, now }, maxAgeMs }: Inspected): number[] {
  return store
    .all<{ at: number }>(
      `SELECT ended_at AS at FROM experiments WHERE outcome IN ('held', 'broken') AND ended_at >= ? ORDER BY ended_at`,
      now() - maxAgeMs,
    )
    .map(({ at }) => at)
}
