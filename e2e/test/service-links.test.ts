import { PORTS as SERVICE_PORTS, SERVICES } from '@quickticket/contract/services'
import { startService } from '@quickticket/testing/service-process'
import { expect, test } from 'vitest'
import { get } from '../src/http.ts'

const PORTS = { ...SERVICE_PORTS, postgres: 5432, redis: 6379 }
type Name = keyof typeof PORTS
const NAMES = Object.keys(PORTS) as Name[]

/** What kubelet puts into each container that starts when these Services are there. */
function serviceLinks(names: Name[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const [prefix, port] = [name.toUpperCase(), PORTS[name]]
      const link = `${prefix}_PORT_${port}_TCP`
      return [
        [`${prefix}_SERVICE_HOST`, '10.43.0.7'],
        [`${prefix}_SERVICE_PORT`, `${port}`],
        [`${prefix}_PORT`, `tcp://10.43.0.7:${port}`],
        [link, `tcp://10.43.0.7:${port}`],
        [`${link}_PROTO`, 'tcp'],
        [`${link}_PORT`, `${port}`],
        [`${link}_ADDR`, '10.43.0.7'],
      ]
    }),
  )
}

// which Services are there is all that the order of their creation decides
const created: Name[][] = [...NAMES.map((name) => [name]), NAMES]
test.each(SERVICES)('%s starts with the variables of any Service, and of all', async (service) => {
  const started = await Promise.all(
    created.map(async (names) => {
      const { url } = await startService(service, { ...serviceLinks(names), DB_ACQUIRE_TIMEOUT_MS: '100' })
      return { names, status: (await get(`${url}/livez`)).status }
    }),
  )
  expect(started).toEqual(created.map((names) => ({ names, status: 200 })))
})

test('what a person sets beside them still stops a service that uses it', async () => {
  const environment = {
    ...serviceLinks(NAMES),
    CB_STORE: 'redis',
    CB_FAILURE_THRESHOLD: '5',
    REDIS_PORT: 'six',
  }
  await expect(startService('gateway', environment)).rejects.toThrow(
    /REDIS_PORT=\W*six\W* must be a whole number/,
  )
})
