import type { Call, History, Strike } from './history.ts'

/** What the stores say when everything has come to rest. */
export interface FinalState {
  events: { id: number; total: number; sold: number; priceCents: number }[]
  orders: { id: string; event_id: number; quantity: number; total_cents: number }[]
  /** seats that can still be reserved, by event: found out by reserving them */
  reservable: Record<number, number>
  /** reservations that were paid, and whose seats were gone then */
  soldOutAtPayment: string[]
  /** what the system says of each reservation; not there for those that are forgotten */
  status: Record<string, string>
}

export interface Anomaly {
  rule: string
  /** a reservation, or "event N" */
  subject: string
  detail: string
}

/** What a buyer may rely on, checked against all that the buyers saw and all that is stored. */
export function check(history: History, state: FinalState, options: { reservationTtlMs: number }): Anomaly[] {
  return [
    ...soldOnce(history, state, options.reservationTtlMs),
    ...heldSeatsAreThere(history, state),
    ...acknowledgedOrders(history, state),
    ...samePaymentSameOrder(history),
    ...releasedStaysReleased(history),
    ...listsAreNotStale(history, state),
    ...unsoldSeatsAreFree(state),
    ...statusesAreTrue(state),
  ]
}

/** Seats that a buyer was promised belong to that buyer alone. */
function soldOnce({ calls, strikes }: History, { events, orders }: FinalState, ttlMs: number): Anomaly[] {
  const losses = lossesOfHolds(strikes)
  const ordered = new Set(orders.map((order) => order.id))
  const byReservation = Map.groupBy(calls, (call) => call.reservationId)
  const spans = new Map<number, { from: number; to: number; quantity: number }[]>()

  for (const [id, about] of byReservation) {
    const reserved = about.find((call) => call.kind === 'reserve')
    if (id === undefined || reserved?.quantity === undefined) continue
    // somewhere between its start and its end: a hold that touches that time may be lost from the start on
    const lost = losses.find(({ end }) => end >= reserved.start)?.start ?? Number.POSITIVE_INFINITY
    const paid = about.find((call) => call.kind === 'pay' && call.status === 200)
    const touched = Math.min(
      ...about.filter((call) => call !== reserved && call.kind !== 'status').map((call) => call.start),
    )
    const own = spans.get(reserved.eventId) ?? []
    spans.set(reserved.eventId, own)
    if (ordered.has(id) && paid) {
      const survived = lost > paid.end
      own.push({
        from: survived ? reserved.end : paid.end,
        to: Number.POSITIVE_INFINITY,
        quantity: reserved.quantity,
      })
    } else {
      const until = Math.min(touched, lost, reserved.start + ttlMs)
      own.push({ from: reserved.end, to: until, quantity: reserved.quantity })
    }
  }

  return events.flatMap(({ id, total }) => {
    const most = mostAtOnce(spans.get(id) ?? [])
    if (most <= total) return []
    return [
      {
        rule: 'sold once',
        subject: `event ${id}`,
        detail: `${most} of ${total} seats were promised at one time`,
      },
    ]
  })
}

function mostAtOnce(spans: { from: number; to: number; quantity: number }[]): number {
  const changes = spans
    .filter(({ from, to }) => from < to)
    .flatMap(({ from, to, quantity }) => [
      { at: from, by: quantity },
      { at: to, by: -quantity },
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by)
  let now = 0
  let most = 0
  for (const { by } of changes) {
    now += by
    most = Math.max(most, now)
  }
  return most
}

/**
 * Only a Redis that lost its data may give the seats of a hold away: those of the hold itself, or those of an earlier one whose
 * checkout is confirmed later. The new hold does not know of that one.
 */
function heldSeatsAreThere({ calls, strikes }: History, { orders, soldOutAtPayment }: FinalState): Anomaly[] {
  const losses = lossesOfHolds(strikes)
  const reserves = new Map(calls.map((call) => [call.reservationId, call]).reverse() as [string, Call][])
  const lastPays = new Map(
    calls.filter((call) => call.kind === 'pay').map((call) => [call.reservationId as string, call]),
  )
  const excuses = (id: string): boolean => {
    const own = reserves.get(id)
    const confirmedLater = orders.filter(
      (order) => order.event_id === own?.eventId && (lastPays.get(order.id)?.end ?? 0) >= own.start,
    )
    const held = [own, ...confirmedLater.map((order) => reserves.get(order.id))]
    const since = Math.min(...held.map((reserve) => reserve?.start ?? Number.POSITIVE_INFINITY))
    return losses.some(({ end }) => end >= since)
  }
  return soldOutAtPayment
    .filter((id) => !excuses(id))
    .map((subject) => ({
      rule: 'held seats are there',
      subject,
      detail: 'was held, charged, and then its seats were gone',
    }))
}

function lossesOfHolds(strikes: Strike[]): Strike[] {
  return strikes
    .filter(({ kind }) => kind === 'flush' || kind === 'kill redis')
    .toSorted((a, b) => a.start - b.start)
}

/** An order that a buyer was told of is stored, for the seats and the amount that were agreed. */
function acknowledgedOrders({ calls }: History, { orders }: FinalState): Anomaly[] {
  const stored = new Map(orders.map((order) => [order.id, order]))
  const reservations = new Map(
    calls.filter((call) => call.kind === 'reserve').map((call) => [call.reservationId, call]),
  )
  return calls.filter(isPaid).flatMap((call) => {
    const id = call.reservationId as string
    const order = stored.get(id)
    const reserved = reservations.get(id)
    const agreed = reserved?.answer
    if (!order) return [{ rule: 'acknowledged orders', subject: id, detail: 'was paid, and is not stored' }]
    const same =
      order.quantity === agreed?.quantity &&
      order.total_cents === agreed?.total_cents &&
      order.event_id === agreed?.event_id &&
      call.answer?.total_cents === agreed?.total_cents
    if (same) return []
    const detail = `agreed ${JSON.stringify(agreed)}, stored ${JSON.stringify(order)}`
    return [{ rule: 'acknowledged orders', subject: id, detail }]
  })
}

function samePaymentSameOrder({ calls }: History): Anomaly[] {
  const answers = Map.groupBy(calls.filter(isPaid), (call) => call.reservationId as string)
  return [...answers].flatMap(([subject, paid]) => {
    const different = new Set(paid.map((call) => JSON.stringify(call.answer)))
    return different.size < 2 ? [] : [{ rule: 'one order', subject, detail: [...different].join(' and ') }]
  })
}

function releasedStaysReleased({ calls }: History): Anomaly[] {
  const paid = Map.groupBy(calls.filter(isPaid), (call) => call.reservationId)
  return calls
    .filter((call) => call.kind === 'release' && call.status === 200)
    .filter(({ reservationId, end }) => paid.get(reservationId)?.some((call) => call.start > end))
    .map((call) => ({
      rule: 'released',
      subject: call.reservationId as string,
      detail: 'was paid after its release',
    }))
}

/** A list never offers seats that were sold before the request, nor hides seats that were neither held nor sold. */
function listsAreNotStale({ calls }: History, { events, orders }: FinalState): Anomaly[] {
  const pays = Map.groupBy(
    calls.filter((call) => call.kind === 'pay'),
    (call) => call.reservationId as string,
  )
  const sales = Map.groupBy(
    orders.map(({ id, event_id, quantity }) => {
      const paid = pays.get(id) ?? []
      const askedAt = Math.min(...paid.map((call) => call.start))
      const toldAt = Math.min(...paid.filter(isPaid).map((call) => call.end))
      return { event_id, quantity, askedAt, toldAt }
    }),
    (sale) => sale.event_id,
  )

  const anomalies: Anomaly[] = []
  for (const call of calls) {
    const said = call.kind === 'list' ? call.answer?.available : undefined
    if (!said) continue
    for (const { id, total } of events) {
      const available = said[id]
      if (available === undefined) continue
      let most = total
      let least = total
      for (const { quantity, askedAt, toldAt } of sales.get(id) ?? []) {
        if (toldAt < call.start) most -= quantity
        if (askedAt < call.end) least -= quantity
      }
      if (available <= Math.max(most, 0) && available >= Math.max(least, 0)) continue
      const detail = `at ${Math.round(call.start)} ms a list said ${available}, not ${least} to ${most}`
      anomalies.push({ rule: 'fresh lists', subject: `event ${id}`, detail })
    }
  }
  return anomalies
}

function unsoldSeatsAreFree({ events, orders, reservable }: FinalState): Anomaly[] {
  return events.flatMap(({ id, total, sold }) => {
    const ordered = orders
      .filter((order) => order.event_id === id)
      .reduce((sum, order) => sum + order.quantity, 0)
    const subject = `event ${id}`
    if (ordered > total)
      return [{ rule: 'never oversold', subject, detail: `${ordered} of ${total} seats are ordered` }]
    if (ordered !== sold)
      return [{ rule: 'seats counted', subject, detail: `${sold} counted as sold, ${ordered} ordered` }]
    const free = reservable[id]
    if (free === total - ordered) return []
    return [
      {
        rule: 'nothing leaks',
        subject,
        detail: `${total - ordered} seats are unsold, ${free} can be reserved`,
      },
    ]
  })
}

function statusesAreTrue({ orders, status }: FinalState): Anomaly[] {
  const ordered = new Set(orders.map((order) => order.id))
  return Object.entries(status).flatMap(([subject, said]) => {
    if (ordered.has(subject) === (said === 'confirmed')) return []
    return [
      {
        rule: 'true status',
        subject,
        detail: `says ${said}, ${ordered.has(subject) ? 'and is' : 'but is not'} ordered`,
      },
    ]
  })
}

function isPaid(call: Call): boolean {
  return call.kind === 'pay' && call.status === 200
}
