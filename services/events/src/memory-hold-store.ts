import { type Hold, type HoldStore, SOLD_MEMORY_MS } from './hold-store.ts'

/** Holds in this process: for one replica on a machine without Redis. They end with the process. */
export function createMemoryHoldStore(clock: () => number = () => performance.now()): HoldStore {
  const holds = new Map<string, Hold & { endsAt: number }>()
  const soldByEvent = new Map<number, { seats: number; until: number }>()

  function dropExpired(now: number): void {
    for (const [id, hold] of holds) if (hold.endsAt <= now) holds.delete(id)
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

  return {
    async reserve(hold, { total, sold, settled }, ttlMs) {
      const now = clock()
      dropExpired(now)
      for (const id of settled) holds.delete(id)
      const available = total - Math.max(sold, soldSeats(hold.eventId, now)) - heldSeats(hold.eventId)
      if (available < hold.quantity) return { held: false, available: Math.max(available, 0) }
      holds.set(hold.reservationId, { ...hold, endsAt: now + ttlMs })
      return { held: true }
    },
    async prolong(reservationId, minimumMs) {
      const now = clock()
      dropExpired(now)
      const hold = holds.get(reservationId)
      if (!hold) return undefined
      hold.endsAt = Math.max(hold.endsAt, now + minimumMs)
      const { endsAt, ...rest } = hold
      return { ...rest, remainingMs: endsAt - now }
    },
    async complete({ reservationId, eventId, soldSeats: seats }) {
      const now = clock()
      holds.delete(reservationId)
      if (seats > soldSeats(eventId, now)) soldByEvent.set(eventId, { seats, until: now + SOLD_MEMORY_MS })
    },
    async release(reservationId) {
      dropExpired(clock())
      return holds.delete(reservationId)
    },
    async sweep() {
      dropExpired(clock())
      return [...holds.keys()]
    },
    async count() {
      dropExpired(clock())
      return holds.size
    },
    async ping() {},
    async close() {},
  }
}
