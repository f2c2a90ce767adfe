import { createShop } from '../shop.ts'

const NEVER_MADE = '00000000-0000-4000-8000-000000000000'

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
  /** who gets no seat pays all the same, for one that is not paid yet */
  const unpaid: string[] = []

  async function buy(): Promise<void> {
    for (const ask of [shop.list, shop.list, reserve, pay]) {
      const status = await ask().then(
        (answer) => answer.status,
        () => 0,
      )
      seen(status)
    }
  }
  async function reserve() {
    const answer = await shop.reserve(eventId)
    if (answer.status === 200) unpaid.push(answer.json.reservation_id)
    return answer
  }
  async function pay() {
    const reservation = unpaid.shift() ?? NEVER_MADE
    const answer = await shop.pay(reservation)
    if (answer.status >= 500) unpaid.push(reservation)
    return answer
  }

  const timer = setInterval(() => void buy(), 1000 / perSecond)
  return { answers, stop: () => clearInterval(timer) }
}

/** People who all buy at the same time, each again as soon as there is an answer. Payments share nothing in the database. */
export function sendCrowd(gatewayUrl: string, eventId: number, size: number): { stop(): void } {
  const shop = createShop(gatewayUrl)
  let stopped = false
  async function buy(): Promise<void> {
    const { status, json } = await shop.reserve(eventId)
    if (status === 200) await shop.pay(json.reservation_id)
  }
  async function buyAgainAndAgain(): Promise<void> {
    while (!stopped) await buy().catch(() => undefined)
  }
  for (let i = 0; i < size; i++) void buyAgainAndAgain()
  return {
    stop: () => {
      stopped = true
    },
  }
}
