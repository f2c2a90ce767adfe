import { writeFileSync } from 'node:fs'

/** One call of a buyer: what was asked, and what was heard. Times are ms since the start of the run. */
export interface Call {
  buyer: number
  kind: 'list' | 'reserve' | 'pay' | 'release' | 'status'
  eventId: number
  reservationId?: string
  quantity?: number
  start: number
  end: number
  /** 0: no answer, so the outcome is unknown */
  status: number
  /** what the answer said, where it matters */
  answer?: {
    reservation_id?: string
    quantity?: number
    total_cents?: number
    event_id?: number
    status?: string
    available?: Record<number, number>
  }
}

/** Something that the nemesis did to the system. */
export interface Strike {
  kind: string
  target: string
  start: number
  end: number
}

export interface History {
  seed: number
  calls: Call[]
  strikes: Strike[]
}

/** One JSON line a call or strike, in the order in which they began. */
export function saveHistory({ calls, strikes }: History, file: string): void {
  const lines = [...calls, ...strikes]
    .toSorted((a, b) => a.start - b.start)
    .map((entry) => JSON.stringify(entry))
  writeFileSync(file, `${lines.join('\n')}\n`)
}

/** The calls that are about one subject, for a person to read. */
export function excerpt({ calls, strikes }: History, subject: string, most = 20): string[] {
  const about = calls.filter((call) => call.reservationId === subject || `event ${call.eventId}` === subject)
  const from = about[0]?.start ?? 0
  const to = about.at(-1)?.end ?? 0
  const around = strikes.filter((strike) => strike.start <= to && strike.end >= from)
  return [...about.slice(-most), ...around.slice(0, most)]
    .toSorted((a, b) => a.start - b.start)
    .map((entry) => `    ${Math.round(entry.start)}–${Math.round(entry.end)} ms  ${JSON.stringify(entry)}`)
}
