import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Case } from './cases.ts'
import type { AddedLatency, Memory, StartUp } from './extras.ts'
import type { Sample } from './measure.ts'
import { median } from './median.ts'

export interface CaseResult {
  name: string
  what: string
  connections: number
  ceiling: boolean
  /** medians of all rounds */
  perSecond: number
  p50Ms?: number
  p99Ms?: number
  cpuPer1000?: Record<string, number>
  loadCores?: number
  /** the rate as a share of another case's, the median of all rounds */
  ratios: Record<string, number>
  rounds: Sample[]
}

export interface Results {
  startedAt: string
  seconds: number
  rounds: number
  tookS: number
  machine: {
    cpu: string
    cores: number
    memoryGib: number
    kernel: string
    node: string
    /** processes that ran on average in the minute before */
    loadBefore: number
  }
  cases: CaseResult[]
  startUp?: StartUp[]
  memory?: Memory[]
  addedLatency?: AddedLatency[]
  /** by the name of the case: why there is no result */
  skipped: Record<string, string>
}

export function describeMachine(): Results['machine'] {
  const [first] = cpus()
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  }
}

export function summarize(cases: Case[], samples: Map<string, Sample[]>): CaseResult[] {
  return cases.flatMap(({ name, what, connections, ceiling = false, ceilings = [] }) => {
    const rounds = samples.get(name)
    if (!rounds?.length) return []
    const middle = (pick: (sample: Sample) => number | undefined) => {
      const values = rounds.map(pick).filter((value) => value !== undefined)
      return values.length > 0 ? median(values) : undefined
    }
    const p50Ms = middle((sample) => sample.p50Ms)
    const p99Ms = middle((sample) => sample.p99Ms)
    const loadCores = middle((sample) => sample.loadCores)
    const services = Object.keys(rounds[0]?.cpuPer1000 ?? {})
    const cpuPer1000 = Object.fromEntries(
      services.map((service) => [service, middle((sample) => sample.cpuPer1000?.[service]) ?? 0]),
    )
    const ratios = Object.fromEntries(
      ceilings.flatMap((other) => {
        const others = samples.get(other)
        if (!others?.length) return []
        // round by round, so that what slows the machine down for a while slows both
        const shares = rounds.flatMap(({ perSecond }, round) => {
          const than = others[round]?.perSecond
          return than ? [perSecond / than] : []
        })
        return shares.length > 0 ? [[other, median(shares)]] : []
      }),
    )
    return {
      name,
      what,
      connections,
      ceiling,
      perSecond: median(rounds.map((sample) => sample.perSecond)),
      ...(p50Ms !== undefined && { p50Ms }),
      ...(p99Ms !== undefined && { p99Ms }),
      ...(services.length > 0 && { cpuPer1000 }),
      ...(loadCores !== undefined && { loadCores }),
      ratios,
      rounds,
    }
  })
}
