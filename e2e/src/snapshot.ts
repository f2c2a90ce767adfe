import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { expect } from 'vitest'
import { scrape } from './metrics.ts'
import { expectNoLeak } from './problem.ts'
import type { Shop } from './shop.ts'
import type { System } from './system.ts'

/** What a buyer with a reservation, another buyer and an operator see at the same moment. */
export async function takeSnapshot(shop: Shop, eventId: number, reservationId: string) {
  const [list, show, reserve, pay, health] = await Promise.all([
    shop.list(),
    shop.show(eventId),
    shop.reserve(eventId),
    shop.pay(reservationId),
    shop.health(),
  ])
  for (const { text } of [list, show, reserve, pay, health]) expectNoLeak(text)
  const statuses = {
    list: list.status,
    show: show.status,
    reserve: reserve.status,
    pay: pay.status,
    health: health.status,
  }
  return { list, show, reserve, pay, health, statuses }
}

/** How often payments was asked to charge since it started. */
export async function chargeRequests(system: System): Promise<number> {
  return (await scrape(system.url.payments)).sum('payments_requests_total', { path: '/charge' })
}

export async function successfulCharges(system: System): Promise<number> {
  return (await scrape(system.url.payments)).sum('payments_charges_total', { result: 'success' })
}

/** Which processes these are: they change when a service is started again. */
export async function startTimes(
  system: System,
  except: ServiceName[] = [],
): Promise<Record<string, number>> {
  const others = SERVICES.filter((service) => !except.includes(service))
  const times = await Promise.all(
    others.map(async (service) => {
      return [service, (await scrape(system.url[service])).sum('process_start_time_seconds')] as const
    }),
  )
  return Object.fromEntries(times)
}

/** Without anybody's help the system is healthy again, and then everything works. */
export async function expectRecovery(shop: Shop, eventId: number): Promise<void> {
  await expect.poll(async () => (await shop.health()).status, { timeout: 20_000, interval: 50 }).toBe(200)
  const { reservation_id } = await shop.reserved(eventId)
  const { statuses } = await takeSnapshot(shop, eventId, reservation_id)
  expect(statuses).toEqual({ list: 200, show: 200, reserve: 200, pay: 200, health: 200 })
}
