export type Outcome = 'success' | 'fail' | 'sold_out'

export type Counts = Readonly<Record<Outcome, number>>

export interface Tally {
  /** what there was so far; it goes on counting */
  counts: Counts
  /** Counts an outcome; a buyer who was interrupted has none. */
  add(outcome: Outcome | undefined): void
}

export function createTally(): Tally {
  const counts: Record<Outcome, number> = { success: 0, fail: 0, sold_out: 0 }
  return {
    counts,
    add(outcome) {
      if (outcome) counts[outcome] += 1
    },
  }
}

export function progressLine(elapsedS: number, counts: Counts): string {
  return `[${elapsedS}s] requests=${total(counts)} ${details(counts)}`
}

export function doneLine(counts: Counts): string {
  return `Done. total=${total(counts)} ${details(counts)}`
}

function details(counts: Counts): string {
  const { success, fail, sold_out } = counts
  const percent = (100 * fail) / Math.max(total(counts), 1)
  return `success=${success} fail=${fail} error_rate=${percent.toFixed(1)}% sold_out=${sold_out}`
}

/** How many buyers know what became of them. */
function total({ success, fail, sold_out }: Counts): number {
  return success + fail + sold_out
}
