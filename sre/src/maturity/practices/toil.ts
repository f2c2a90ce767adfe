import type { Check, Finding, Inspected } from '../../ready/check.ts'
import { lengthText, percentText } from '../../text.ts'
import { reportToil } from '../../toil/toil.ts'
import { weeksWithout } from './weeks.ts'

const HOURS_PER_WEEK = 40

const RISK = 'Work by hand grows with the system, until there is time for nothing else.'
const FIX = '`npm run sre -- toil add` after each task by hand'

export const toilRecorded: Check = {
  id: 'toil-recorded',
  question: 'Is toil written down?',
  risk: RISK,
  weight: 1,
  fix: FIX,
  run(inspected) {
    const entries = readToil(inspected)
    return {
      status: entries.length > 0 ? 'pass' : 'fail',
      evidence: `${entries.length} tasks in the last ${lengthText(inspected.maxAgeMs)}`,
      at: entries.at(-1)?.at ?? inspected.context.now(),
    }
  },
}

export const toilEveryWeek: Check = {
  id: 'toil-every-week',
  question: 'Is toil written down every week?',
  risk: RISK,
  weight: 1,
  fix: FIX,
  run(inspected) {
    const now = inspected.context.now()
    const missing = weeksWithout(
      readToil(inspected).map(({ at }) => at),
      now,
    )
    return {
      status: missing === 0 ? 'pass' : 'fail',
      evidence: `${missing} of the last 4 weeks have none`,
      at: now,
    }
  },
}

export const toilBelowHalf: Check = {
  id: 'toil-below-half',
  question: 'Does toil take less than half of the working time?',
  risk: RISK,
  weight: 1,
  fix: 'Automate what took most: `npm run sre -- toil report`',
  run(inspected) {
    const { context, maxAgeMs } = inspected
    const now = context.now()
    const options = { windowMs: maxAgeMs, hoursPerWeek: HOURS_PER_WEEK }
    const { tasks, share, overLimit, people } = reportToil(context.store, options, now)
    if (tasks.length === 0) return nothing(now)
    return {
      status: overLimit ? 'fail' : 'pass',
      evidence: `${percentText(share, 1)} of the time of ${people} in the last ${lengthText(maxAgeMs)}`,
      at: now,
    }
  },
}

export const toilFalls: Check = {
  id: 'toil-falls',
  question: 'Does toil become less?',
  risk: RISK,
  weight: 1,
  fix: 'Automate what took most: `npm run sre -- toil report`',
  run(inspected) {
    const { maxAgeMs, context } = inspected
    const now = context.now()
    const entries = readToil(inspected)
    const sum = (from: number, to: number) =>
      entries.filter(({ at }) => at >= from && at < to).reduce((minutes, one) => minutes + one.minutes, 0)
    const middle = now - maxAgeMs / 2
    const before = sum(now - maxAgeMs, middle)
    const after = sum(middle, now + 1)
    if (before === 0) return nothing(now)
    return {
      status: after < before ? 'pass' : 'fail',
      evidence: `${after} minutes in the last ${lengthText(maxAgeMs / 2)}, ${before} in those before`,
      at: now,
    }
  },
}

function nothing(at: number): Finding {
  return { status: 'fail', evidence: 'too little is written down', at, fix: FIX }
}

function readToil({ context: { store, now }, maxAgeMs }: Inspected) {
  return store.all<{ at: number; minutes: number; author: string }>(
    'SELECT at, minutes, author FROM toil WHERE at >= ? AND at <= ? ORDER BY at',
    now() - maxAgeMs,
    now(),
  )
}
