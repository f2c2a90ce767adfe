import type { Forecast } from './forecast.ts'
import { monthlyDiskCost, type Prices } from './prices.ts'
import { GIB } from './quantity.ts'

export interface DiskAdvice {
  /** bytes of the volume of PostgreSQL */
  present: number
  asked: number
  costNow: number
  costAsked: number
}

/** A rewrite of the largest tables, and the log that is not archived yet. */
const MARGIN = 1.5

/** A volume for what the database holds at the end of its forecast. It is not made smaller: a volume only grows. */
export function adviseDisk(database: Forecast | undefined, prices: Prices): DiskAdvice | undefined {
  const present = database?.limit
  if (present === undefined) return undefined
  const { againstTime } = database ?? {}
  const needed = againstTime ? Math.ceil((againstTime.then.high * MARGIN) / GIB) * GIB : 0
  const asked = Math.max(present, needed)
  return {
    present,
    asked,
    costNow: monthlyDiskCost(prices, present),
    costAsked: monthlyDiskCost(prices, asked),
  }
}
