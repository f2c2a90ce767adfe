import { observeDeploys } from '../../observed/episodes.ts'
import type { Check } from '../../ready/check.ts'
import { lengthText } from '../../text.ts'

export const deploysRecorded: Check = {
  id: 'deploys-recorded',
  question: 'Is it known which version ran when?',
  risk: 'Which change caused an incident is found out by asking around.',
  weight: 1,
  fix: 'Give each build its own APP_VERSION: the metric build_info records when it runs',
  async run({ context: { prometheus, now }, maxAgeMs }) {
    const deploys = await observeDeploys(prometheus, { fromMs: now() - maxAgeMs, toMs: now() })
    const last = deploys.length > 0 ? Math.max(...deploys.map(({ begin }) => begin)) : undefined
    return {
      status: deploys.length > 0 ? 'pass' : 'fail',
      evidence: `Prometheus saw ${deploys.length} deploys in the last ${lengthText(maxAgeMs)}`,
      at: last ?? now(),
    }
  },
}
