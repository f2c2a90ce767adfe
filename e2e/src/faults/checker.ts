import type { Call, History } from './history.ts'

/** What the stores say when everything has come to rest. */
export interface FinalState {
  events: { id: number; total: number; sold: number; priceCents: number }[]
  orders: { id: string; event_id: number; quantity: number; total_cents: number }[]
  /** seats that can still be reserved, by event: found out by reserving them */
  reservable: Record<number, number>
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
    ...acknowledgedOrders(history, state),
    ...samePaymentSameOrder(history),
    ...releasedStaysReleased(history),
    ...listsAreNotStale(history, state),
    ...unsoldSeatsAreFree(state),
    ...statusesAreTrue(state),
  ]
}

/** Whoever was told "these seats are yours" is the only one who has them. */
function soldOnce({ calls, strikes }: History, { events, orders }: FinalState, ttlMs: number): Anomaly[] {
  const losses = strikes
    .filter(({ kind }) => kind === 'flush' || kind === 'kill redis')
    .flatMap(({ start, end }) => [start, end])
    .toSorted((a, b) => a - b)
  const ordered = new Set(orders.map((order) => order.id))
  const byReservation = Map.groupBy(calls, (call) => call.reservationId)
  const spans = new Map<number, { from: number; to: number; quantity: number }[]>()

  for (const [id, about] of byReservation) {
    const reserved = about.find((call) => call.kind === 'reserve')
    if (id === undefined || reserved?.quantity === undefined) continue
    const lost = losses.find((at) => at >= reserved.start) ?? Number.POSITIVE_INFINITY
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

/** An order that somebody was told of is stored, for the seats and the amount that were agreed. */
function acknowledgedOrders({ calls }: History, { orders }: FinalState): Anomaly[] {
  const stored = new Map(orders.map((order) => [order.id, order]))
  return calls.filter(isPaid).flatMap((call) => {
    const id = call.reservationId as string
    const order = stored.get(id)
    const reserved = calls.find((other) => other.kind === 'reserve' && other.reservationId === id)
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
  return calls
    .filter((call) => call.kind === 'release' && call.status === 200)
    .filter((release) =>
      calls.some(
        (call) => isPaid(call) && call.reservationId === release.reservationId && call.start > release.end,
      ),
    )
    .map((call) => ({
      rule: 'released',
      subject: call.reservationId as string,
      detail: 'was paid after its release',
    }))
}

/** A list never offers what was sold before it was asked for, nor hides what nobody was about to buy. */
function listsAreNotStale({ calls }: History, { events, orders }: FinalState): Anomaly[] {
  const ordered = new Map(orders.map((order) => [order.id, order]))
  const pays = calls.filter((call) => call.kind === 'pay' && ordered.has(call.reservationId as string))
  const firstAsked = new Map<string, number>()
  const firstTold = new Map<string, number>()
  for (const { reservationId, start, end, status } of pays) {
    const id = reservationId as string
    firstAsked.set(id, Math.min(firstAsked.get(id) ?? Number.POSITIVE_INFINITY, start))
    if (status === 200) firstTold.set(id, Math.min(firstTold.get(id) ?? Number.POSITIVE_INFINITY, end))
  }
  const seats = (event: number, times: Map<string, number>, before: number) =>
    [...times].reduce((sum, [id, at]) => {
      const order = ordered.get(id)
      return sum + (order?.event_id === event && at < before ? order.quantity : 0)
    }, 0)

  return calls
    .filter((call) => call.kind === 'list' && call.answer?.available)
    .flatMap((call) =>
      events.flatMap(({ id, total }) => {
        const available = call.answer?.available?.[id]
        if (available === undefined) return []
        const most = Math.max(total - seats(id, firstTold, call.start), 0)
        const least = Math.max(total - seats(id, firstAsked, call.end), 0)
        if (available <= most && available >= least) return []
        const detail = `at ${Math.round(call.start)} ms a list said ${available}, not ${least} to ${most}`
        return [{ rule: 'fresh lists', subject: `event ${id}`, detail }]
      }),
    )
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
