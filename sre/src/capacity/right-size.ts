import type { Prometheus } from '../prometheus.ts'
import { type Present, readPresent, SIZED_SERVICES, type SizedService } from './present.ts'
import { monthlyCost, type Prices } from './prices.ts'
import { cpuQuantity, memoryQuantity, readQuantity } from './quantity.ts'

export interface Advice {
  service: SizedService
  present: Present
  asked: Present
  /** what it is made from; undefined: nothing was measured, and what it has is what it keeps */
  measured: { cpuP95: number; memoryPeak: number } | undefined
  /** per month */
  costNow: number
  costAsked: number
}

export interface Sizing {
  windowMs: number
  stepMs: number
  now: number
  /** cores that all replicas of a service use at the load to be ready for */
  coresNeeded: Map<string, number>
  prices: Prices
}

/** Memory for what the window has not shown, and for what a collection leaves. */
const MEMORY_REQUEST_MARGIN = 1.2
const MEMORY_LIMIT_MARGIN = 1.5
/** Of the CPU limit of a replica; more, and one that is lost or slow overloads the others. */
const TARGET_UTILIZATION = 0.7

/**
 * Requests and limits from what was used: the 95th percentile of CPU, and the peak of memory with a margin. Limits are not lowered:
 * the heap of Node.js follows them.
 */
export async function adviseSizes(prometheus: Prometheus, sizing: Sizing): Promise<Advice[]> {
  const { windowMs, stepMs, now, coresNeeded, prices } = sizing
  const window = `${Math.ceil(windowMs / 1000)}s`
  const step = `${stepMs / 1000}s`
  const job = `job=~"${SIZED_SERVICES.join('|')}"`
  const [cpu, memory] = await Promise.all([
    prometheus.query(
      `max by (job) (quantile_over_time(0.95, rate(process_cpu_seconds_total{${job}}[${step}])[${window}:${step}]))`,
      now,
    ),
    prometheus.query(`max by (job) (max_over_time(process_resident_memory_bytes{${job}}[${window}]))`, now),
  ])
  return SIZED_SERVICES.map((service) => {
    const present = readPresent(service)
    const cpuP95 = cpu.find(({ labels }) => labels.job === service)?.value
    const memoryPeak = memory.find(({ labels }) => labels.job === service)?.value
    const measured = cpuP95 === undefined || memoryPeak === undefined ? undefined : { cpuP95, memoryPeak }
    const asked = measured ? sizeFor(measured, present, coresNeeded.get(service) ?? 0) : present
    return {
      service,
      present,
      asked,
      measured,
      costNow: monthlyCost(prices, present),
      costAsked: monthlyCost(prices, asked),
    }
  })
}

function sizeFor(
  { cpuP95, memoryPeak }: { cpuP95: number; memoryPeak: number },
  { replicas, cpuLimit, memoryLimit }: Present,
  coresNeeded: number,
): Present {
  const memoryRequest = rounded(memoryQuantity(memoryPeak * MEMORY_REQUEST_MARGIN))
  return {
    replicas: Math.max(replicas, Math.ceil(coresNeeded / (TARGET_UTILIZATION * cpuLimit) - 1e-9)),
    cpuRequest: Math.min(rounded(cpuQuantity(cpuP95)), cpuLimit),
    cpuLimit,
    memoryRequest,
    memoryLimit: Math.max(rounded(memoryQuantity(memoryPeak * MEMORY_LIMIT_MARGIN)), memoryLimit),
  }
}

function rounded(quantity: string): number {
  return readQuantity(quantity) ?? 0
}
