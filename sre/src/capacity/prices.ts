import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { REPOSITORY } from '../context.ts'
import { UsageError } from '../verb.ts'
import type { Present } from './present.ts'
import { GIB } from './quantity.ts'

export interface Prices {
  currency: string
  vcpuHour: number
  gibHour: number
  gibMonthDisk: number
  source: string
}

export const PRICES_FILE = join(REPOSITORY, 'sre/prices.yaml')
/** 365 · 24 / 12 */
const HOURS_PER_MONTH = 730

/** @throws {UsageError} when the file is not as sre/prices.yaml is */
export function readPrices(file: string): Prices {
  const wrong = (why: string) => new UsageError(`${file}: ${why}; sre/prices.yaml shows what is expected`)
  let found: Partial<Prices>
  try {
    found = (parse(readFileSync(file, 'utf8')) ?? {}) as Partial<Prices>
  } catch (error) {
    throw wrong((error as Error).message.split('\n', 1)[0] ?? '')
  }
  for (const name of ['vcpuHour', 'gibHour', 'gibMonthDisk'] as const) {
    const value = found[name]
    if (typeof value !== 'number' || !(value >= 0)) throw wrong(`${name} must be a number of 0 or more`)
  }
  return { currency: 'USD', source: file, ...found } as Prices
}

/** What the requests of all replicas cost in a month. */
export function monthlyCost(
  prices: Prices,
  { replicas, cpuRequest, memoryRequest }: Pick<Present, 'replicas' | 'cpuRequest' | 'memoryRequest'>,
): number {
  const perHour = cpuRequest * prices.vcpuHour + (memoryRequest / GIB) * prices.gibHour
  return replicas * perHour * HOURS_PER_MONTH
}

/** @param bytes of a volume */
export function monthlyDiskCost({ gibMonthDisk }: Prices, bytes: number): number {
  return (bytes / GIB) * gibMonthDisk
}
