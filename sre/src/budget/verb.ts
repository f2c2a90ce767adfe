import { readLengthOption } from '../length-option.ts'
import { chooseObjectives } from '../objectives.ts'
import { readTime } from '../time-option.ts'
import type { Verb } from '../verb.ts'
import { computeBudgets } from './compute.ts'
import { budgetText } from './text.ts'

export const verb: Verb = {
  usage: `npm run sre -- budget [SLO…] [--window 30d] [--at TIME]

How much of each error budget is spent and left, how fast it is being spent, when it is used up, and what spent it.
Without names: every objective of monitoring/slo. The exit code is 1 when a budget is used up, and 2 when one is not known.

  --window 30d  another window than that of the objective
  --at TIME     as it was then, such as 2026-11-28T12:00:00Z; by default now`,
  options: { window: { type: 'string' }, at: { type: 'string' } },

  async run(context, { values, positionals }) {
    const slos = chooseObjectives(positionals)
    const windowMs =
      values.window === undefined ? undefined : readLengthOption('window', values.window, { fallback: '30d' })
    const now = context.now()
    const at = readTime('at', values.at, now) ?? now
    const answers = await computeBudgets(context, slos, { at, spending: true, ...(windowMs && { windowMs }) })
    const [first] = answers
    if (first?.unknown && answers.every(({ budget }) => !budget)) throw first.unknown
    const ok = answers.every(({ budget }) => budget === undefined || budget.left.share > 0)
    return {
      ok,
      unknown: ok && answers.some(({ budget }) => budget === undefined),
      text: budgetText(answers, context.colors),
      json: answers.map(({ slo, budget, unknown }) => budget ?? { slo: slo.name, unknown: unknown?.message }),
    }
  },
}
