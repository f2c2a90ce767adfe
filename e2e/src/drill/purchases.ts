import { post } from '../http.ts'

/** What one buyer has seen. */
export interface Purchase {
  /** when it was decided, in ms on the clock of performance.now() */
  endedAtMs: number
  ok: boolean
  /** the order that was acknowledged */
  orderId: string | undefined
}

export interface Purchases {
  all: Purchase[]
  /** The first purchase that succeeds from now on. */
  nextSuccess(): Promise<Purchase>
  stop(): Promise<void>
}

const DEADLINE_MS = 8000

/** Buyers that come at a steady rate, whether or not those before them were served. */
export function startPurchases(gatewayUrl: string, eventId: number, perSecond: number): Purchases {
  const all: Purchase[] = []
  const underWay = new Set<Promise<void>>()
  let waiting: ((purchase: Purchase) => void)[] = []

  async function buy(): Promise<void> {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const orderId = await purchase(gatewayUrl, eventId, signal).catch(() => undefined)
    const seen = { endedAtMs: performance.now(), ok: orderId !== undefined, orderId }
    all.push(seen)
    if (!seen.ok) return
    for (const resolve of waiting) resolve(seen)
    waiting = []
  }

  const timer = setInterval(() => {
    const one = buy().finally(() => underWay.delete(one))
    underWay.add(one)
  }, 1000 / perSecond)

  return {
    all,
    nextSuccess: () => new Promise((resolve) => waiting.push(resolve)),
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}

async function purchase(url: string, eventId: number, signal: AbortSignal): Promise<string | undefined> {
  const held = await post<{ reservation_id: string }>(
    `${url}/events/${eventId}/reserve`,
    { quantity: 1 },
    { signal },
  )
  if (held.status !== 200) return undefined
  const paid = await post<{ order_id: string }>(`${url}/reserve/${held.json.reservation_id}/pay`, undefined, {
    signal,
  })
  return paid.status === 200 ? paid.json.order_id : undefined
}
