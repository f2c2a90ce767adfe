import { type BudgetAnswer, computeBudgets } from '../../budget/compute.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { readObjectives } from '../../objectives.ts'
import { lengthText, percentText } from '../../text.ts'
import type { Section } from '../section.ts'

export const sloCompliance: Section = {
  title: 'SLO compliance',
  async write({ context, period }) {
    const answers = await computeBudgets(context, readObjectives(), { at: period.toMs })
    const head = ['objective', 'target', 'observed', 'over', 'error budget left']
    const uncertain = answers.flatMap(({ slo, budget }) =>
      budget?.uncertain ? [`- ${slo.name}: ${plain(budget.uncertain)}`] : [],
    )
    return [
      markdownTable(head, answers.map(rowOf)),
      ...(uncertain.length > 0 ? [`What is uncertain:\n\n${uncertain.join('\n')}`] : []),
      'Source: `npm run sre -- budget`; it lists what spent each budget.',
    ]
  },
}

function rowOf({ slo, budget, unknown }: BudgetAnswer): string[] {
  const target = `${percentText(slo.objective)} of ${lengthText(slo.windowMs)}`
  if (!budget) return [slo.name, target, plain(unknown?.message ?? 'unknown'), '', '']
  return [
    slo.name,
    target,
    `${percentText(1 - budget.errorRatio, 3)} of ${Math.round(budget.seen.requests)}`,
    lengthText(budget.seen.minutes * 60_000),
    `${percentText(budget.left.share, 1)}, ${budget.left.minutes.toFixed(1)} min`,
  ]
}
