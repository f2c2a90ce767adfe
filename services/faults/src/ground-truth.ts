import { Counter, Gauge, type Registry } from '@quickticket/kit/prometheus'
import type { FastifyBaseLogger } from 'fastify'
import type { Kind, Rule } from './rule.ts'

/** What all that is told of a fault says while faults are sealed. */
export const SEALED = 'sealed'

export interface GroundTruth {
  readonly sealed: boolean
  count(kind: Kind, path: string): void
  /** Counts it and says so in the log. */
  tell(kind: Kind, path: string, log: FastifyBaseLogger, details?: object): void
  /** Says in the log which rules are in force from now on. */
  announce(rules: readonly Rule[], seed: number, log: FastifyBaseLogger): void
  /** Faults whose state is asked at each scrape. */
  watch(faults: () => Iterable<{ kind: Kind; active: boolean }>): void
}

/** Says what was injected and when, so that what an observer finds can be compared with what really happened. */
export function createGroundTruth(registry: Registry, service: string, sealed: boolean): GroundTruth {
  const registers = [registry]
  const watched: (() => Iterable<{ kind: Kind; active: boolean }>)[] = []
  const said = (what: string) => (sealed ? SEALED : what)
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
        for (const { kind, active } of read()) states.set(said(kind), states.get(said(kind)) || active)
      }
      for (const [fault, active] of states) {
        this.set({ fault }, active ? 1 : 0)
        // what has gone stays at 0, so that its end can be seen
        states.set(fault, false)
      }
    },
  })
  const states = new Map<string, boolean>()

  function count(kind: Kind, path: string): void {
    injected.inc({ fault: said(kind), path: said(path) })
  }

  return {
    sealed,
    count,
    tell(kind, path, log, details) {
      count(kind, path)
      log.warn(sealed ? { fault: SEALED } : { fault: kind, path, ...details }, 'injected fault')
    },
    announce(rules, seed, log) {
      for (const { fault } of rules) states.set(said(fault.kind), false)
      log.warn(sealed ? { faults: SEALED } : { faults: rules.map(described), seed }, 'faults set')
    },
    watch: (faults) => void watched.push(faults),
  }
}

/** Method and path stay apart: whoever counts requests in the log by both together must not count this. */
function described({ method, path, share, fault }: Rule) {
  return { fault: fault.kind, method, path, share }
}
