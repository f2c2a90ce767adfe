import type { Check } from '../../ready/check.ts'
import { lengthText } from '../../text.ts'

export const diagnosisAutomatic: Check = {
  id: 'diagnosis-automatic',
  question: 'Do runbooks diagnose by themselves when an alert fires?',
  risk: 'The first minutes of an incident are spent on typing commands.',
  weight: 1,
  fix: 'Set `auto: true` in the front matter of runbooks, and let `npm run sre -- serve` run',
  run({ context: { store, now }, maxAgeMs }) {
    const { runs, last } = store.get<{ runs: number; last: number | null }>(
      `SELECT count(*) AS runs, max(ended_at) AS last FROM runbook_runs
        WHERE mode = 'automatic' AND outcome = 'completed' AND started_at >= ?`,
      now() - maxAgeMs,
    ) ?? { runs: 0, last: null }
    return {
      status: runs > 0 ? 'pass' : 'fail',
      evidence: `${runs} completed in the last ${lengthText(maxAgeMs)}`,
      at: last ?? now(),
    }
  },
}
