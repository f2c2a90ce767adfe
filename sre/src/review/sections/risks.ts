import { type Budget, computeBudgets } from '../../budget/compute.ts'
import { type Run, readRuns } from '../../chaos/journal.ts'
import { plain } from '../../markdown.ts'
import { readObjectives } from '../../objectives.ts'
import { fixOf, type Result } from '../../ready/readiness.ts'
import { percentText, timeText } from '../../text.ts'
import type { ReviewSource, Section } from '../section.ts'

interface Risk {
  /** 5 is the greatest */
  weight: number
  what: string
  why: string
  end: string
}

const GREATEST = 3
const LITTLE = 0.2
/** What is so now is in the sections on objectives and incidents. */
const OF_THE_MOMENT = ['error-budget', 'faults-off', 'incidents-handled']

export const risks: Section = {
  title: 'The three greatest risks',
  async write(source) {
    const all = [...(await budgetsAtRisk(source)), ...experiments(source), ...checks(source)]
    if (all.length === 0)
      return ['None was found: no budget is low, no experiment failed, no check of readiness fails.']
    const greatest = all.toSorted((a, b) => b.weight - a.weight).slice(0, GREATEST)
    return [
      `Of ${all.length} that were found: budgets that are used up or nearly so, then hypotheses of experiments that did not hold, then ` +
        'failed checks of readiness by what they cost buyers. How likely each is was not measured: a person has to judge it.',
      ...greatest.map(
        ({ what, why, end }, index) =>
          `${index + 1}. **${what}**\n   - Why it is one: ${why}\n   - What ends it: ${end}`,
      ),
    ]
  },
}

/** Without Prometheus, the section on objectives says that budgets are not known. */
async function budgetsAtRisk({ context, period }: ReviewSource): Promise<Risk[]> {
  const answers = await computeBudgets(context, readObjectives(), { at: period.toMs })
  return answers.flatMap(({ budget }) => (budget && budget.state !== 'healthy' ? [budgetRisk(budget)] : []))
}

function budgetRisk({ slo, state, left, seen, usedUp }: Budget): Risk {
  const bad = `${Math.round(seen.badRequests)} of ${Math.round(seen.requests)} requests were bad`
  const rate = usedUp === undefined ? '' : `, burn rate ${usedUp.burnRate.toFixed(1)} over the last hour`
  return {
    ...weightOf(slo, state, left.share),
    why: `${bad}; ${percentText(left.share, 1)} of the budget is left${rate} (\`npm run sre -- budget ${slo}\`)`,
    end: 'release only fixes until there is enough again; `npm run sre -- budget` names what spent it',
  }
}

function weightOf(slo: string, state: Budget['state'], left: number): Pick<Risk, 'weight' | 'what'> {
  if (state === 'critical') return { weight: 5, what: `${slo} is not kept: its error budget is used up.` }
  if (left < LITTLE) return { weight: 4, what: `Little is left of the error budget of ${slo}.` }
  return { weight: 2.5, what: `The error budget of ${slo} is being spent fast.` }
}

/** The latest run of each experiment counts. */
function experiments({ context, period }: ReviewSource): Risk[] {
  const latest = new Map<string, Run>()
  for (const run of readRuns(context.store)) {
    if (run.data.system === context.system && !latest.has(run.name)) latest.set(run.name, run)
  }
  return [...latest.values()]
    .filter(
      ({ outcome, stampedAt }) =>
        (outcome === 'broken' || outcome === 'aborted') && stampedAt >= period.fromMs,
    )
    .map(({ id, name, outcome, stampedAt, hypothesis, data }) => ({
      weight: 3.5,
      what: `It is not true that: ${plain(hypothesis)}`,
      why: `the experiment ${plain(name)} was ${outcome} at ${timeText(stampedAt)}: ${plain(data.reasons[0] ?? 'no reason given')}`,
      end: `\`npm run sre -- chaos report ${id}\` shows which probe; run it again after the change`,
    }))
}

function checks({ readiness }: ReviewSource): Risk[] {
  return readiness.results
    .filter(({ status, check }) => status === 'fail' && !OF_THE_MOMENT.includes(check.id))
    .map(checkRisk)
}

function checkRisk(result: Result): Risk {
  const { check, evidence, at } = result
  return {
    weight: check.weight,
    what: check.risk,
    why: `${check.id}: ${plain(evidence)}${at === undefined ? '' : ` (${timeText(at)})`}`,
    end: fixOf(result) ?? 'not known',
  }
}
