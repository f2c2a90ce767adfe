import { readFile } from 'node:fs/promises'
import type { Cluster } from './cluster.ts'

export interface LedgerLine {
  ledger: 'charge' | 'void'
  time: string
  reservation_id: string
  payment_ref: string
  amount?: number
}

/** What payments says it did to a reservation, in order. */
export async function ledgerOf({ payments }: Cluster, reservationId: string): Promise<LedgerLine[]> {
  const logs = await Promise.all(payments.map((replica) => readFile(replica.logFile, 'utf8')))
  return logs
    .flatMap((log) => log.split('\n'))
    .filter((line) => line.includes('"ledger"') && line.includes(reservationId))
    .map((line) => JSON.parse(line) as LedgerLine)
    .toSorted((a, b) => a.time.localeCompare(b.time))
}
