import { expect } from 'vitest'
import { type Answer, get, post } from './http.ts'

// The tests write these shapes down again on purpose: they know the contract and not the code, so a field that
// services/contract changes by mistake fails here.
export interface Event {
  id: number
  name: string
  venue: string
  date: string
  total_tickets: number
  price_cents: number
  available: number
}

export interface Reservation {
  reservation_id: string
  event_id: number
  quantity: number
  total_cents: number
  expires_in_seconds: number
}

export interface Order {
  order_id: string
  event_id: number
  quantity: number
  total_cents: number
  status: string
}

/** What a buyer and an operator do, by the address of a gateway. */
export function createShop(gatewayUrl: string) {
  const shop = {
    list: () => get<Event[]>(`${gatewayUrl}/events`),
    show: (id: number) => get<Event>(`${gatewayUrl}/events/${id}`),
    reserve: (eventId: number, quantity = 1): Promise<Answer<Reservation>> =>
      post(`${gatewayUrl}/events/${eventId}/reserve`, { quantity }),
    pay: (reservationId: string): Promise<Answer<Order>> =>
      post(`${gatewayUrl}/reserve/${reservationId}/pay`),
    health: () => get<{ status: string; checks: Record<string, string> }>(`${gatewayUrl}/health`),
    /** A reservation that is there for sure. */
    async reserved(eventId: number, quantity = 1): Promise<Reservation> {
      const answer = await shop.reserve(eventId, quantity)
      expect(answer).toMatchObject({ status: 200 })
      return answer.json
    },
  }
  return shop
}

export type Shop = ReturnType<typeof createShop>
