import type { Log } from '@quickticket/kit/log'
import { Gauge, type Registry } from 'prom-client'
import { type Audited, audit } from './audit.ts'
import { VIOLATION_KINDS } from './violation.ts'

export interface Auditor {
  stop(): void
}

/** Audits every `intervalS` seconds (0: never), logs each violation and exports how many there are. */
export function startAuditor(audited: Audited, { intervalS, registry, log }: AuditorOptions): Auditor {
  if (intervalS === 0) return { stop() {} }
  const violations = new Gauge({
    name: 'events_invariant_violations',
    help: 'Violations that the last audit found',
    labelNames: ['kind'] as const,
    registers: [registry],
  })
  const timer = setInterval(() => void round(), intervalS * 1000)
  return { stop: () => clearInterval(timer) }

  async function round(): Promise<void> {
    try {
      const found = await audit(audited)
      for (const kind of VIOLATION_KINDS) {
        violations.set({ kind }, found.filter((violation) => violation.kind === kind).length)
      }
      for (const violation of found) log.error({ ...violation }, 'invariant violated')
    } catch (error) {
      log.warn({ err: error }, 'audit was not possible')
    }
  }
}

export interface AuditorOptions {
  intervalS: number
  registry: Registry
  log: Log
}
