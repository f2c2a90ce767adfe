import { type Answer, type HttpConnection, httpRequest } from './http-connection.ts'

/** What each connection of a run does again and again. */
export type Plan =
  | { kind: 'get'; path: string; expect: number[] }
  /** reserves one seat of an event, in turn */
  | { kind: 'reserve'; eventIds: number[] }
  /** reserves and pays; the time is that of both together */
  | { kind: 'checkout'; eventIds: number[] }
  /** a charge for a reservation that was not charged before */
  | { kind: 'charge' }
  /** a reservation of its own for every connection, made before the clock starts; paying never succeeds */
  | { kind: 'pay'; eventId: number; expect: number }

/** One step on a connection; throws when the answer is not the one that the case is about. */
export type Step = () => Promise<void>

export async function prepareStep(plan: Plan, connection: HttpConnection, number: number): Promise<Step> {
  switch (plan.kind) {
    case 'get': {
      const request = httpRequest('GET', plan.path)
      return async () => expectOneOf(plan.expect, await connection.send(request))
    }
    case 'reserve': {
      const next = reservesInTurn(plan.eventIds, number)
      return async () => expectStatus(200, await connection.send(next()))
    }
    case 'checkout': {
      const next = reservesInTurn(plan.eventIds, number)
      return async () => {
        const id = reservationId(await connection.send(next()))
        expectStatus(200, await connection.send(httpRequest('POST', `/reserve/${id}/pay`)))
      }
    }
    case 'charge': {
      const run = Date.now().toString(36)
      let charged = 0
      return async () => {
        charged += 1
        const body = { reservation_id: `bench-${run}-${number}-${charged}`, amount: 5000 }
        expectStatus(200, await connection.send(httpRequest('POST', '/charge', body)))
      }
    }
    case 'pay': {
      const reserve = httpRequest('POST', `/events/${plan.eventId}/reserve`, { quantity: 1 })
      const pay = httpRequest('POST', `/reserve/${reservationId(await connection.send(reserve))}/pay`)
      return async () => expectStatus(plan.expect, await connection.send(pay))
    }
  }
}

function reservesInTurn(eventIds: number[], first: number): () => Buffer {
  const requests = eventIds.map((id) => httpRequest('POST', `/events/${id}/reserve`, { quantity: 1 }))
  let turn = first
  return () => {
    turn += 1
    return requests[turn % requests.length] as Buffer
  }
}

function reservationId(answer: Answer): string {
  expectStatus(200, answer)
  return (JSON.parse(answer.body) as { reservation_id: string }).reservation_id
}

function expectStatus(expected: number, answer: Answer): void {
  expectOneOf([expected], answer)
}

function expectOneOf(expected: number[], { status, body }: Answer): void {
  if (!expected.includes(status))
    throw new Error(`expected ${expected.join(' or ')}, got ${status}: ${body.slice(0, 200)}`)
}
