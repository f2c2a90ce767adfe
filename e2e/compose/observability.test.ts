import { SERVICES } from '@quickticket/contract/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'
import { FAULT_ADMIN_TOKEN, setFaults } from '../src/fault-control.ts'
import { get, post, request } from '../src/http.ts'
import { type ObservedSystem, startObservedSystem, traceIds } from '../src/observed-system.ts'
import type { Order, Reservation } from '../src/shop.ts'

const DECISION_WAIT_S = 3
const ARRIVES_MS = (DECISION_WAIT_S + 40) * 1000
const EVENT = 3

let system: ObservedSystem
let gateway: string
beforeAll(async () => {
  system = await startObservedSystem({
    FAULT_ADMIN_TOKEN,
    TRACES_DECISION_WAIT: `${DECISION_WAIT_S}s`,
    OTEL_BSP_SCHEDULE_DELAY: '200',
  })
  gateway = `http://127.0.0.1:${system.project.port.gateway}`
})
afterAll(async () => {
  if (writers.length > 0) await docker(['rm', '--force', ...writers])
  await system?.close()
})

test.each(['false', 'true'])(
  'the collector takes its configuration, with SPAN_METRICS=%s',
  async (chosen) => {
    const files = ['config', `span-metrics-${chosen}`].map((name) => `--config=/etc/collector/${name}.yaml`)
    const gates = '--feature-gates=stanza.synchronousLogEmitter'
    const run = ['run', '--rm', '--no-deps', '-T', 'collector']
    const { code, stderr } = await system.project.tryCompose([...run, 'validate', gates, ...files])
    expect(stderr).not.toMatch(/error/i)
    expect(code).toBe(0)
  },
)

describe('of many purchases a few are kept', () => {
  const ids = traceIds('purchase', 60)
  let kept: string[]

  test('one in twenty, and of all services', async () => {
    for (const id of ids) expect((await buy(id)).status).toBe(200)
    await decided()
    kept = await keptOf(ids)
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThan(ids.length / 5)
    for (const id of kept) {
      const services = (await system.trace(id)).map(({ service }) => service)
      expect([...new Set(services)].sort()).toEqual([...SERVICES].sort())
    }
  })

  test('every one has its log lines, by the id of its trace and by the one of its request', async () => {
    const id = ids.find((each) => !kept.includes(each))
    const expected = [...SERVICES].sort()
    const servicesOf = async (query: string) =>
      [...new Set((await system.logs(query)).map(({ service }) => service))].sort()
    await eventually(() => servicesOf(`trace_id:"${id}"`), expected, ARRIVES_MS)
    await eventually(() => servicesOf(`request_id:"${requestIdOf(id as string)}"`), expected, ARRIVES_MS)
    const [line] = await system.logs(`trace_id:"${id}" service:gateway`)
    const written = JSON.parse(line?._msg ?? '') as Record<string, string>
    expect(written).toMatchObject({ level: 'INFO', service: 'gateway', trace_id: id })
    expect(line).toMatchObject({
      _stream: '{level="INFO",service="gateway"}',
      _time: written.time,
      level: 'INFO',
      severity_text: 'INFO',
    })
  })
})

describe('what matters is always kept', () => {
  const COUNT = 20

  test('an error of a service', async () => {
    const ids = traceIds('error', COUNT)
    await docker(['stop', system.project.container('payments')])
    try {
      for (const id of ids) expect((await buy(id)).status).toBeGreaterThanOrEqual(500)
    } finally {
      await system.project.compose(['up', '--no-build', '--detach', '--wait', 'payments'])
    }
    await eventually(() => keptOf(ids), ids, ARRIVES_MS)
  })

  test('an injected fault, though the answer is right and fast', async () => {
    const ids = traceIds('fault', COUNT)
    const events = `http://127.0.0.1:${system.project.port.events}`
    expect((await setFaults(events, 'GET /events* 100% latency=5ms')).status).toBe(200)
    for (const id of ids) expect((await show(id, EVENT)).status).toBe(200)
    await setFaults(events, '')
    await eventually(() => keptOf(ids), ids, ARRIVES_MS)
    const faults = (await system.trace(ids[0] as string)).map(({ tags }) => tags['quickticket.fault'])
    expect(faults).toContain('latency')
  })

  test('a slow request', async () => {
    const ids = traceIds('slow', 3)
    await docker(['pause', system.project.container('events')])
    const answers = ids.map((id) => show(id, EVENT))
    await new Promise((resolve) => setTimeout(resolve, 700))
    await docker(['unpause', system.project.container('events')])
    for (const answer of answers) expect((await answer).status).toBe(200)
    await eventually(() => keptOf(ids), ids, ARRIVES_MS)
  })

  test('but not what a client asked in vain', async () => {
    const ids = traceIds('not found', COUNT)
    for (const id of ids) expect((await show(id, 4711)).status).toBe(404)
    await decided()
    expect((await keptOf(ids)).length).toBeLessThan(COUNT / 4)
  })
})

test('lines of other projects are not taken, nor those that only say to be of this one', async () => {
  const { name } = system.project
  const labels = (project: string) => ({
    'com.docker.compose.project': project,
    'com.docker.compose.service': 'writer',
  })
  const forged = JSON.stringify({ log: 'forged', attrs: labels(name) })
  await write({}, [forged, 'stranger'])
  await write(labels(`${name}-other`), [forged, 'stranger'])
  const long = JSON.stringify({ level: 'WARNING', service: 'writer', msg: 'x'.repeat(40_000) })
  await write(labels(name), ['no JSON at all', '{broken', long])
  const lines = async () =>
    (await system.logs('service:writer'))
      .map(({ _msg, level }) => ({ _msg, level }))
      .sort((one, other) => (one._msg ?? '').length - (other._msg ?? '').length)
  await eventually(
    lines,
    [
      { _msg: '{broken', level: undefined },
      { _msg: 'no JSON at all', level: undefined },
      { _msg: long, level: 'WARNING' },
    ],
    ARRIVES_MS,
  )
  expect(await system.logs('forged or stranger')).toEqual([])
})

test('no line is lost while the log store is away and the collector is killed', async () => {
  const COUNT = 300
  const ids = traceIds('line', COUNT)
  await system.project.compose(['kill', '--signal', 'KILL', 'victorialogs'])
  for (const id of ids.slice(0, COUNT / 2)) await show(id, EVENT)
  await system.project.compose(['kill', '--signal', 'KILL', 'collector'])
  for (const id of ids.slice(COUNT / 2)) expect((await show(id, EVENT)).status).toBe(200)
  await system.project.compose(['up', '--no-build', '--detach', 'collector'])
  // again, with what it has read since in its queue
  await system.project.compose(['kill', '--signal', 'KILL', 'collector'])
  await system.project.compose(['up', '--no-build', '--detach', 'collector', 'victorialogs'])
  const found = async (service: string) => {
    const lines = await system.logs(`service:${service} | fields trace_id`)
    const written = new Set(lines.map(({ trace_id }) => trace_id))
    return ids.filter((id) => written.has(id)).length
  }
  for (const service of ['gateway', 'events']) await eventually(() => found(service), COUNT, ARRIVES_MS)
})

test('traces arrive again, and a point of a duration names the trace of its request', async () => {
  const [id] = traceIds('after', 1) as [string]
  const events = `http://127.0.0.1:${system.project.port.events}`
  await setFaults(events, 'GET /events* 100% latency=5ms')
  await show(id, EVENT)
  await setFaults(events, '')
  await eventually(() => keptOf([id]), [id], ARRIVES_MS)
  const query = new URLSearchParams({
    query: 'gateway_request_duration_seconds_bucket',
    start: String(Date.now() / 1000 - 600),
    end: String(Date.now() / 1000 + 60),
  })
  const exemplars = async () => (await get(`${system.prometheus}/api/v1/query_exemplars?${query}`)).text
  await eventually(exemplars, expect.stringMatching(/"trace_id":"[0-9a-f]{32}"/), 40_000)
})

const requestIdOf = (traceId: string) => `test-${traceId}`

/** A purchase whose payment is the trace. */
async function buy(traceId: string) {
  const reserved = await post<Reservation>(`${gateway}/events/${EVENT}/reserve`, { quantity: 1 })
  return request<Order>('POST', `${gateway}/reserve/${reserved.json.reservation_id}/pay`, {
    headers: headersOf(traceId, requestIdOf(traceId)),
  })
}

function show(traceId: string, eventId: number) {
  return get(`${gateway}/events/${eventId}`, { headers: headersOf(traceId, requestIdOf(traceId)) })
}

function headersOf(traceId: string, requestId: string) {
  return { traceparent: `00-${traceId}-00000000000000a1-01`, 'x-request-id': requestId }
}

/** Time for the last spans to arrive, for their decision and for Jaeger: that something was not kept has no event. */
function decided(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, (DECISION_WAIT_S + 4) * 1000))
}

async function keptOf(ids: string[]): Promise<string[]> {
  const found = await Promise.all(ids.map(async (id) => ((await system.trace(id)).length > 0 ? [id] : [])))
  return found.flat()
}

const writers: string[] = []
/** Lines of a container that has ended; its log file stays until the end of the tests. */
async function write(labels: Record<string, string>, lines: string[]): Promise<void> {
  const name = `${system.project.name}-writer-${writers.length}`
  writers.push(name)
  const names = Object.keys(labels)
  const label = names.flatMap((each) => ['--label', `${each}=${labels[each]}`])
  const log = names.length > 0 ? ['--log-opt', `labels=${names.join()}`] : []
  const program = `process.stdout.write(${JSON.stringify(`${lines.join('\n')}\n`)})`
  const image = ['--entrypoint', 'node', 'quickticket-gateway', '-e', program]
  await docker(['run', '--name', name, ...label, '--log-driver', 'json-file', ...log, ...image])
}
