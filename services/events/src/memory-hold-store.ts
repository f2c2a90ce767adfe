import { ENDED_MEMORY_MS, type Hold, type HoldState, type HoldStore, SOLD_MEMORY_MS } from './hold-store.ts'

/** Holds in this process: for one replica on a machine without Redis. They end with the process. */
export function createMemoryHoldStore(clock: () => number = () => performance.now()): HoldStore {
  const holds = new Map<string, Hold & { endsAt: number }>()
  const ended = new Map<string, Hold & { state: HoldState['state']; until: number }>()
  const soldByEvent = new Map<number, { seats: number; until: number }>()

  function tick(): number {
    const now = clock()
    for (const [id, hold] of holds) if (hold.endsAt <= now) endHold(id, 'expired', now)
    for (const [id, { until }] of ended) {
      if (until > now) break
      ended.delete(id)
    }
    return now
  }

  function endHold(id: string, state: HoldState['state'], now: number): boolean {
    const hold = holds.get(id)
    if (!hold) return false
    holds.delete(id)
    ended.set(id, { ...withoutEnd(hold), state, until: now + ENDED_MEMORY_MS })
    return true
  }

  function heldSeats(eventId: number): number {
    let seats = 0
    for (const hold of holds.values()) if (hold.eventId === eventId) seats += hold.quantity
    return seats
  }

  function soldSeats(eventId: number, now: number): number {
    const remembered = soldByEvent.get(eventId)
    return remembered && remembered.until > now ? remembered.seats : 0
  }

  /** A later reservation may have read PostgreSQL before the sale of a hold that has ended meanwhile. */
  function rememberSold(eventId: number, seats: number, now: number): void {
    if (seats > soldSeats(eventId, now)) soldByEvent.set(eventId, { seats, until: now + SOLD_MEMORY_MS })
  }

  return {
    async reserve(hold, { total, sold, settled }, ttlMs) {
      const now = tick()
      for (const id of settled) endHold(id, 'sold', now)
      if (settled.length > 0) rememberSold(hold.eventId, sold, now)
      const available = total - Math.max(sold, soldSeats(hold.eventId, now)) - heldSeats(hold.eventId)
      if (available < hold.quantity) return { held: false, available: Math.max(available, 0) }
      holds.set(hold.reservationId, { ...hold, endsAt: now + ttlMs })
      return { held: true }
    },
    async prolong(reservationId, minimumMs) {
      const now = tick()
      const hold = holds.get(reservationId)
      if (!hold) return undefined
      hold.endsAt = Math.max(hold.endsAt, now + minimumMs)
      return { ...withoutEnd(hold), remainingMs: hold.endsAt - now }
    },
    async find(reservationId) {
      const now = tick()
      const hold = holds.get(reservationId)
      if (hold) return { ...withoutEnd(hold), state: 'held', remainingMs: hold.endsAt - now }
      const over = ended.get(reservationId)
      return over && { ...over, remainingMs: 0 }
    },
    async complete({ reservationId, eventId, soldSeats: seats }) {
      const now = tick()
      endHold(reservationId, 'sold', now)
      rememberSold(eventId, seats, now)
    },
    release: async (reservationId) => endHold(reservationId, 'released', tick()),
    async sweep() {
      tick()
      return [...holds.keys()]
    },
    async count() {
      tick()
      return holds.size
    },
    async snapshot() {
      tick()
      const heldByEvent = new Map<number, number>()
      for (const { eventId } of holds.values()) heldByEvent.set(eventId, heldSeats(eventId))
      return { holds: [...holds.values()], heldByEvent }
    },
    async ping() {},
    async close() {},
  }
}

function withoutEnd({ endsAt: _, ...hold }: Hold & { endsAt: number }): Hold {
  return hold
}
