import { lengthText } from '../../text.ts'
import type { Check } from '../check.ts'

/** The backup of a day is the least; the alert BackupNotVerified is stricter where backups run every five minutes. */
const OLDEST_MS = 24 * 3600_000

const VERIFIED = 'quickticket_backup_last_verified_timestamp_seconds'

export const restoreVerified: Check = {
  id: 'restore-verified',
  question: 'Has a backup of the last day been restored and compared?',
  risk: 'When the database is lost, so are its orders.',
  weight: 3,
  fix: '`BACKUP_EVERY_S=300 docker compose up -d backup`; cluster: the component k8s/components/backup; docs/backups.md',
  async run({ context: { prometheus, now }, maxAgeMs }) {
    const seconds = await prometheus.value(`max(max_over_time(${VERIFIED}[${Math.round(maxAgeMs / 1000)}s]))`)
    if (seconds === undefined) {
      return {
        status: 'fail',
        evidence: `Prometheus has no ${VERIFIED} of the last ${lengthText(maxAgeMs)}`,
        at: now(),
      }
    }
    const at = seconds * 1000
    const firing = await prometheus.value('count(ALERTS{alertname="BackupNotVerified", alertstate="firing"})')
    const isFresh = now() - at <= OLDEST_MS && firing === undefined
    return {
      status: isFresh ? 'pass' : 'fail',
      evidence: `verified ${lengthText(Math.max(now() - at, 0))} ago${firing === undefined ? '' : '; BackupNotVerified fires'}`,
      at,
    }
  },
}
