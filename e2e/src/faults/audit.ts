import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { REPOSITORY } from '@quickticket/testing/repository'
import type { Anomaly } from './checker.ts'
import type { Cluster } from './cluster.ts'

/** Runs the project's own auditor on all that is stored, and on the ledgers of all payments replicas. */
export async function audit({ ports, payments }: Cluster, root = REPOSITORY): Promise<Anomaly[]> {
  const ledgers = payments.map((replica) => replica.logFile)
  const child = spawn(
    process.execPath,
    [join(root, 'services/events/src/audit/main.ts'), '--ledger', ...ledgers],
    {
      env: { PATH: process.env.PATH, DB_PORT: String(ports.postgres), REDIS_PORT: String(ports.redis) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (code !== 0 && code !== 1) throw new Error(`the auditor could not look: ${errors}`)
  return output
    .split('\n')
    .map((line) => line.split('  '))
    .filter(([kind, subject, detail]) => kind && subject && detail)
    .map(([kind, subject = '', detail = '']) => ({ rule: `audit: ${kind}`, subject, detail }))
}
