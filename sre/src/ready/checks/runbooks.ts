import { runbookNames } from '../../runbook/runbook.ts'
import type { Check } from '../check.ts'
import { lintRunbooks } from '../system/lint.ts'

const SHOWN = 3

export const runbooks: Check = {
  id: 'runbooks',
  question: 'Does every alert have a runbook that can be followed?',
  risk: 'Those on call have to think out at night what to do.',
  weight: 2,
  fix: '`npm run sre -- runbook lint` lists what is wrong with the pages; the annotation runbook_url of an alert names its page',
  async run({ rules, context: { now } }) {
    const alerts = (await rules()).filter(({ isAlert }) => isAlert)
    if (alerts.length === 0) return { status: 'fail', evidence: 'Prometheus has no alerts', at: now() }
    const pages = runbookNames()
    const without = alerts.filter(({ annotations }) => !pages.includes(pageOf(annotations.runbook_url) ?? ''))
    const names = [...new Set(without.map(({ name }) => `${name} has none`))]
    const wrong = names.length > 0 ? names : await lintRunbooks()
    return {
      status: wrong.length === 0 ? 'pass' : 'fail',
      evidence:
        wrong.length === 0
          ? `${alerts.length} alerts lead to ${pages.length} pages without a fault`
          : wrong.slice(0, SHOWN).join('; ') + (wrong.length > SHOWN ? `; … ${wrong.length} in all` : ''),
      at: now(),
    }
  },
}

function pageOf(url = ''): string | undefined {
  return /docs\/runbooks\/([a-z0-9-]+)\.md/.exec(url)?.[1]
}
