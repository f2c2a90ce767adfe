import { observeDeploys } from '../../observed/episodes.ts'
import { harmless, lengthText, timeText } from '../../text.ts'
import type { Check } from '../check.ts'

export const rollbackTried: Check = {
  id: 'rollback-tried',
  question: 'Has a version been rolled back, so that the way is known?',
  risk: 'The first rollback takes place in an incident, and takes longer.',
  weight: 2,
  fix: 'Deploy another version and go back: `APP_VERSION=… docker compose up --build -d`, `kubectl argo rollouts undo gateway` (lab 7)',
  async run({ context: { prometheus, now }, maxAgeMs }) {
    const period = { fromMs: now() - maxAgeMs, toMs: now() }
    const deploys = (await observeDeploys(prometheus, period)).sort((a, b) => a.begin - b.begin)
    const back = deploys.findLast(
      ({ service, name, begin, labels }) =>
        labels.aborted === 'true' ||
        deploys.some((one) => one.service === service && one.begin < begin && one.labels.from === name),
    )
    if (back) {
      const version = harmless(back.labels.aborted === 'true' ? (back.labels.from ?? '') : back.name)
      return {
        status: 'pass',
        evidence: `${back.service} went back to ${version} at ${timeText(back.begin)}`,
        at: back.begin,
      }
    }
    const knownMs = await historyLength()
    return {
      status: 'fail',
      evidence: `none of ${deploys.length} deploys was one; Prometheus knows the last ${lengthText(knownMs)}`,
      at: now(),
    }

    async function historyLength(): Promise<number> {
      const first = await prometheus.value(
        `min(min_over_time(timestamp(up{job="gateway"})[${Math.round(maxAgeMs / 1000)}s:1m]))`,
      )
      return first === undefined ? 0 : now() - first * 1000
    }
  },
}
