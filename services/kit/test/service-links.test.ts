import { describe, expect, test } from 'vitest'
import { integer, loadConfig, url } from '../src/config.ts'
import { Type } from '../src/schema.ts'

const SERVICES = {
  gateway: 8080,
  events: 8081,
  payments: 8082,
  notifications: 8083,
  postgres: 5432,
  redis: 6379,
}

/** What kubelet injects for a Service. */
function links(name: string, port: number, protocol = 'tcp'): Record<string, string> {
  const prefix = name.toUpperCase().replaceAll('-', '_')
  const address = '10.43.0.7'
  const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
  return {
    [`${prefix}_SERVICE_HOST`]: address,
    [`${prefix}_SERVICE_PORT`]: String(port),
    [`${prefix}_SERVICE_PORT_HTTP`]: String(port),
    [`${prefix}_PORT`]: `${protocol}://${address}:${port}`,
    [link]: `${protocol}://${address}:${port}`,
    [`${link}_PROTO`]: protocol,
    [`${link}_PORT`]: String(port),
    [`${link}_ADDR`]: address,
  }
}

function subsets<Item>(items: Item[]): Item[][] {
  const each = Array.from({ length: 2 ** items.length }, (_, bits) => bits)
  return each.map((bits) => items.filter((_, index) => bits & (1 << index)))
}

/** One of each kind, with every name that a Service can give to a variable. */
const variables = {
  PORT: integer(0, 65_535, 8080, ''),
  REDIS_PORT: integer(1, 65_535, 6379, ''),
  REDIS_SERVICE_HOST: Type.String({ default: 'nowhere' }),
  POSTGRES_PORT: Type.String({ default: '5432' }),
  EVENTS_PORT_8081_TCP: url('http://events:8081', ''),
  EVENTS_URL: url('http://events:8081', ''),
}
const defaults = loadConfig(variables, {})

describe('variables that a cluster injects for its Services count as unset', () => {
  test('in every order in which the Services can have been created', () => {
    for (const created of subsets(Object.entries(SERVICES))) {
      const injected = Object.assign({}, ...created.map(([name, port]) => links(name, port)))
      expect(loadConfig(variables, injected)).toEqual(defaults)
    }
  })

  test('whatever their protocol', () => {
    for (const protocol of ['udp', 'sctp']) {
      expect(loadConfig(variables, links('redis', 6379, protocol))).toEqual(defaults)
    }
  })
})

test('configured variables beside them are read', () => {
  const injected = { ...links('redis', 6379), ...links('events', 8081) }
  expect(loadConfig(variables, { ...injected, REDIS_PORT: '6380', EVENTS_URL: 'http://e:1' })).toEqual({
    ...defaults,
    REDIS_PORT: 6380,
    EVENTS_URL: 'http://e:1',
  })
})

test('a value that is neither a port nor a link stops the service', () => {
  expect(() => loadConfig(variables, { REDIS_PORT: 'http://redis:6379' })).toThrow(/REDIS_PORT="http:/)
  expect(() => loadConfig(variables, { EVENTS_URL: 'tcp://10.43.0.7:8081' })).toThrow(/EVENTS_URL="tcp:/)
})
