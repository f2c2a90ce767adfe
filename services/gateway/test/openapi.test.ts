import { eventsApp } from '@quickticket/testing/events-app'
import { gatewayApp } from '@quickticket/testing/gateway-app'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

interface Operation {
  operationId: string
  tags: string[]
  parameters?: { in: string }[]
  responses: Record<string, unknown>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

let events: Awaited<ReturnType<typeof eventsApp>>
let gateway: Awaited<ReturnType<typeof gatewayApp>>
let published: Record<'gateway' | 'events', Document>
beforeAll(async () => {
  events = await eventsApp({})
  gateway = await gatewayApp({})
  published = {
    gateway: (await gateway.app.inject('/openapi.json')).json(),
    events: (await events.app.inject('/openapi.json')).json(),
  }
})
afterAll(() => Promise.all([gateway.app.close(), events.close()]))

function operationsOf(service: 'gateway' | 'events'): Map<string, Operation> {
  const all = Object.values(published[service].paths).flatMap((path) => Object.values(path))
  const own = all.filter(({ tags }) => !tags.includes('operations'))
  return new Map(own.map((operation) => [operation.operationId, operation]))
}

describe('the gateway publishes what events publishes', () => {
  test.each(['listEvents', 'getEvent', 'reserve', 'getReservation', 'releaseReservation'])('%s', (id) => {
    const { parameters = [], responses, ...ours } = operationsOf('gateway').get(id) as Operation
    const {
      parameters: all = [],
      responses: answers,
      ...theirs
    } = operationsOf('events').get(id) as Operation
    expect(ours).toEqual(theirs)
    // headers are for the gateway itself
    expect(parameters).toEqual(all.filter((parameter) => parameter.in !== 'header'))
    expect(responses['200']).toEqual(answers['200'])
  })

  test('no other operation is the same', () => {
    const theirs = operationsOf('events')
    expect([...operationsOf('gateway').keys()].filter((id) => !theirs.has(id))).toEqual(['pay'])
  })

  test('a schema of one name is one schema', () => {
    const ours = published.gateway.components.schemas
    const theirs = published.events.components.schemas
    const names = ['Event', 'Order', 'Problem', 'Reservation', 'ReservationStatus', 'ReserveRequest']
    for (const name of names) expect(ours[name], name).toEqual(theirs[name])
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(names))
  })
})
