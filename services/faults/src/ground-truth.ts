import { currentTrace } from '@quickticket/kit/tracing/current'
import type { FastifyBaseLogger } from 'fastify'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { KindName } from './kinds.ts'
import type { Rule } from './rule.ts'

/** Stands in metrics, log and /faults instead of every detail while faults are sealed. */
export const SEALED = 'sealed'

export interface GroundTruth {
  readonly sealed: boolean
  /** Counts it, and adds it to the current span. */
  count(kind: KindName, path: string): void
  /** Counts it and logs it. */
  report(kind: KindName, path: string, log: FastifyBaseLogger, details?: object): void
  /** Logs the rules that are in force from now on. */
  announce(rules: readonly Rule[], seed: number, log: FastifyBaseLogger): void
  /** Adds faults whose state each scrape reads. */
  watch(faults: () => Iterable<{ kind: KindName; active: boolean }>): void
}

/** Publishes what was injected and when, to compare with what dashboards and alerts show. */
export function createGroundTruth(registry: Registry, service: string, sealed: boolean): GroundTruth {
  const registers = [registry]
  const watched: (() => Iterable<{ kind: KindName; active: boolean }>)[] = []
  const sealable = (label: string) => (sealed ? SEALED : label)
  const injected = new Counter({
    name: `${service}_faults_injected_total`,
    help: 'Faults that were injected',
    labelNames: ['fault', 'path'],
    registers,
  })
  new Gauge({
    name: `${service}_fault_active`,
    help: '1 while faults of this kind are injected',
    labelNames: ['fault'],
    registers,
    collect() {
      for (const read of watched) {
        for (const { kind, active } of read())
          states.set(sealable(kind), states.get(sealable(kind)) || active)
      }
      for (const [fault, active] of states) {
        this.set({ fault }, active ? 1 : 0)
        // a fault that has ended stays at 0, so that its end is visible
        states.set(fault, false)
      }
    },
  })
  const states = new Map<string, boolean>()

  function count(kind: KindName, path: string, details?: object): void {
    injected.inc({ fault: sealable(kind), path: sealable(path) })
    if (!sealed) traceFault(kind, details)
  }

  return {
    sealed,
    count,
    report(kind, path, log, details) {
      count(kind, path, details)
      log.warn(sealed ? { fault: SEALED } : { fault: kind, path, ...details }, 'injected fault')
    },
    announce(rules, seed, log) {
      for (const { kind } of rules) states.set(sealable(kind.name), false)
      log.warn(sealed ? { faults: SEALED } : { faults: rules.map(described), seed }, 'faults set')
    },
    watch: (faults) => void watched.push(faults),
  }
}

function traceFault(kind: KindName, details?: object): void {
  const span = currentTrace()?.span
  span?.set({ 'quickticket.fault': kind })
  span?.event('fault.injected', { 'quickticket.fault': kind, ...details })
}

/** Method and path stay apart, so that a search for `GET /events` in the log finds requests only. */
function described({ method, path, share, kind }: Rule) {
  return { fault: kind.name, method, path, share }
}
