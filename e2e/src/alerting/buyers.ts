import { createShop } from '../shop.ts'

export interface Buyers {
  /** answers by their status; 0: none */
  answers: Map<number, number>
  stop(): void
}

/**
 * Buyers who come at a steady pace, however long the answers take: each lists the events twice, reserves a seat, and pays. A quarter
 * of all requests are payments, so that failing ones weigh more than the thresholds of the alerts.
 */
export function sendBuyers(gatewayUrl: string, eventId: number, perSecond: number): Buyers {
  const shop = createShop(gatewayUrl)
  const answers = new Map<number, number>()
  const seen = (status: number) => answers.set(status, (answers.get(status) ?? 0) + 1)
  /** who gets no seat pays all the same, with an old reservation */
  let lastReservation = '00000000-0000-4000-8000-000000000000'

  async function buy(): Promise<void> {
    for (const ask of [shop.list, shop.list, reserve, () => shop.pay(lastReservation)]) {
      const status = await ask().then(
        (answer) => answer.status,
        () => 0,
      )
      seen(status)
    }
  }
  async function reserve() {
    const answer = await shop.reserve(eventId)
    if (answer.status === 200) lastReservation = answer.json.reservation_id
    return answer
  }

  const timer = setInterval(() => void buy(), 1000 / perSecond)
  return { answers, stop: () => clearInterval(timer) }
}

/** People who want the same seats at the same time, each asking again as soon as there is an answer. */
export function sendCrowd(gatewayUrl: string, eventId: number, size: number): { stop(): void } {
  const shop = createShop(gatewayUrl)
  let stopped = false
  async function ask(): Promise<void> {
    while (!stopped) await shop.reserve(eventId).catch(() => undefined)
  }
  for (let i = 0; i < size; i++) void ask()
  return {
    stop: () => {
      stopped = true
    },
  }
}
