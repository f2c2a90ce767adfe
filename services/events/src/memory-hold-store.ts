import { ENDED_TTL_MS, type Hold, type HoldState, type HoldStore, SOLD_TTL_MS } from './hold-store.ts'

interface Held extends Hold {
  endsAt: number
  /** the latest end that payments may prolong it to */
  latest: number
  isPaying: boolean
}

/** What became of a reservation; without its seats if it was taken back before it came. */
type Ended = Partial<Hold> & { state: HoldState['state']; until: number }

/** Holds in this process: for one replica on a machine without Redis. They end with the process. */
export function createMemoryHoldStore(clock: () => number = () => performance.now()): HoldStore {
  const holds = new Map<string, Held>()
  const ended = new Map<string, Ended>()
  const soldByEvent = new Map<number, { seats: number; until: number }>()
  const heldByEvent = new Map<number, number>()
  /** no hold ends before */
  let nextEndAt = Number.POSITIVE_INFINITY

  function tick(): number {
    const now = clock()
    if (nextEndAt <= now) endExpired(now)
    for (const [id, { until }] of ended) {
      if (until > now) break
      ended.delete(id)
    }
    return now
  }

  function endExpired(now: number): void {
    nextEndAt = Number.POSITIVE_INFINITY
    for (const [id, { endsAt }] of holds) {
      if (endsAt <= now) endHold(id, 'expired', now)
      else nextEndAt = Math.min(nextEndAt, endsAt)
    }
  }

  function endHold(id: string, state: HoldState['state'], now: number): boolean {
    const hold = holds.get(id)
    if (!hold) return false
    holds.delete(id)
    addHeld(hold.eventId, -hold.quantity)
    ended.set(id, { ...seatsOf(hold), state, until: now + ENDED_TTL_MS })
    return true
  }

  function addHeld(eventId: number, seats: number): void {
    const held = (heldByEvent.get(eventId) ?? 0) + seats
    if (held === 0) heldByEvent.delete(eventId)
    else heldByEvent.set(eventId, held)
  }

  function soldSeats(eventId: number, now: number): number {
    const remembered = soldByEvent.get(eventId)
    return remembered && remembered.until > now ? remembered.seats : 0
  }

  /** A later reservation may have read PostgreSQL before the sale of a hold that has ended meanwhile. */
  function rememberSold(eventId: number, seats: number, now: number): void {
    if (seats > soldSeats(eventId, now)) soldByEvent.set(eventId, { seats, until: now + SOLD_TTL_MS })
  }

  return {
    async reserve(hold, { total, sold, soldHoldIds }, { ttlMs, maxExtensionMs, deadline }) {
      const { reservationId: id, eventId, quantity } = hold
      const now = tick()
      if (now > deadline) return { outcome: 'late' }
      for (const other of soldHoldIds) endHold(other, 'sold', now)
      if (soldHoldIds.length > 0) rememberSold(eventId, sold, now)
      const before = holds.get(id)
      if (before?.eventId === eventId && before.quantity === quantity)
        return { outcome: 'held', remainingMs: before.endsAt - now }
      if (before || ended.has(id)) return { outcome: 'ended' }
      const available = total - Math.max(sold, soldSeats(eventId, now)) - (heldByEvent.get(eventId) ?? 0)
      if (available < quantity) return { outcome: 'sold_out', available: Math.max(available, 0) }
      const endsAt = now + ttlMs
      holds.set(id, { ...hold, endsAt, latest: endsAt + maxExtensionMs, isPaying: false })
      nextEndAt = Math.min(nextEndAt, endsAt)
      addHeld(eventId, quantity)
      return { outcome: 'held', remainingMs: ttlMs }
    },
    async prolong(reservationId, minimumMs) {
      const now = tick()
      const hold = holds.get(reservationId)
      if (!hold) return undefined
      hold.isPaying = true
      hold.endsAt = Math.max(hold.endsAt, Math.min(now + minimumMs, hold.latest))
      return { ...seatsOf(hold), remainingMs: hold.endsAt - now }
    },
    async takeBack(reservationIds) {
      const now = tick()
      for (const id of reservationIds) {
        if (holds.get(id)?.isPaying) continue
        if (!endHold(id, 'released', now) && !ended.has(id))
          ended.set(id, { state: 'released', until: now + ENDED_TTL_MS })
      }
    },
    async find(reservationId) {
      const now = tick()
      const hold = holds.get(reservationId)
      if (hold) return { ...seatsOf(hold), state: 'held', remainingMs: hold.endsAt - now }
      const over = ended.get(reservationId)
      return over && isHold(over) ? { ...over, remainingMs: 0 } : undefined
    },
    async complete({ reservationId, eventId, soldSeats: seats }) {
      const now = tick()
      endHold(reservationId, 'sold', now)
      rememberSold(eventId, seats, now)
    },
    release: async (reservationId) => endHold(reservationId, 'released', tick()),
    async count() {
      tick()
      return holds.size
    },
    async snapshot() {
      tick()
      return { holds: [...holds.values()], heldByEvent: new Map(heldByEvent) }
    },
    async ping() {},
    async close() {},
  }
}

function seatsOf({ reservationId, eventId, quantity, totalCents }: Hold): Hold {
  return { reservationId, eventId, quantity, totalCents }
}

function isHold(ended: Ended): ended is Ended & Hold {
  return ended.reservationId !== undefined
}
