import { SERVICES } from '@quickticket/contract/services'
import { type OtlpReceiver, startOtlpReceiver } from '@quickticket/testing/otlp-receiver'
import { unzipped } from '@quickticket/testing/otlp-spans'
import { type RunningService, startService } from '@quickticket/testing/service-process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { get, post } from '../src/http.ts'
import { mapConcurrently } from '../src/limited-concurrency.ts'
import { scrape } from '../src/metrics.ts'
import type { Environment } from '../src/system.ts'
import { expectTree, newCaller, tracesTo } from '../src/traced.ts'

let receiver: OtlpReceiver

beforeEach(async () => {
  receiver = await startOtlpReceiver()
})
afterEach(() => receiver.stop())

const startPayments = (environment: Environment = {}) =>
  startService('payments', { ...tracesTo(receiver), ...environment })

/** One span each. */
async function charge({ url }: RunningService): Promise<string> {
  const { traceId, headers } = newCaller()
  const answer = await post(`${url}/charge`, { reservation_id: traceId, amount: 1 }, { headers })
  expect(answer.status).toBe(200)
  return traceId
}

async function spansOf({ url }: RunningService) {
  const metrics = await scrape(url)
  const sum = (result: string) => metrics.sum('payments_spans_total', { result })
  return { exported: sum('exported'), failed: sum('failed'), dropped: sum('dropped') }
}

const lossLines = ({ logs }: RunningService) =>
  logs.lines().filter(({ msg }) => msg.startsWith('spans are lost'))

test('by default spans are sent as protobuf, with the headers and the compression that are asked for', async () => {
  const payments = await startService('payments', {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20knock',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  })
  await charge(payments)
  await eventually(() => spansOf(payments), { exported: 1, failed: 0, dropped: 0 })
  const [{ headers, body } = { headers: {}, body: Buffer.of() }] = receiver.requests
  expect(headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
    authorization: 'Bearer knock',
  })
  expect(unzipped(headers, body).toString()).toContain('POST /charge')
})

/** How a collector can fail, and how it comes back. */
const FAILURES = {
  'is down': { fail: () => receiver.stop(), recover: () => receiver.start() },
  refuses: { fail: () => reply('refuse'), recover: () => reply('take') },
  hangs: { fail: () => reply('hang'), recover: () => reply('take') },
  'closes connections': { fail: () => reply('break'), recover: () => reply('take') },
  'answers after 5 s': { fail: () => answerAfter(5000), recover: () => answerAfter(0) },
}

async function reply(next: OtlpReceiver['reply']): Promise<void> {
  receiver.reply = next
}

async function answerAfter(delayMs: number): Promise<void> {
  receiver.delayMs = delayMs
}

test.for(Object.entries(FAILURES))(
  'a collector that %s costs spans, which are counted and logged once, and no request',
  async ([, { fail, recover }]) => {
    const CHARGES = 300
    const payments = await startPayments({
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_BSP_MAX_QUEUE_SIZE: '64',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '32',
    })
    await fail()
    await mapConcurrently(Array(CHARGES).fill(payments), 16, charge)
    const lost = async () => {
      const { failed, dropped } = await spansOf(payments)
      return failed + dropped
    }
    await eventually(lost, CHARGES)
    expect(lossLines(payments)).toEqual([
      expect.objectContaining({ level: 'WARNING', service: 'payments', spans: expect.any(Number) }),
    ])

    await recover()
    const traceId = await charge(payments)
    await expectTree(receiver, traceId, 'payments server POST /charge')
    await eventually(async () => (await spansOf(payments)).exported, 1)
    payments.kill('SIGTERM')
    expect(await payments.exited).toBe(0)
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toHaveLength(1)
  },
)

test('a batch that is refused is sent again: a short outage costs no span', async () => {
  const payments = await startPayments()
  receiver.reply = 'refuse'
  const traceId = await charge(payments)
  await eventually(() => receiver.requests.length, 1)
  receiver.reply = 'take'
  await expectTree(receiver, traceId, 'payments server POST /charge')
  await eventually(() => spansOf(payments), { exported: 1, failed: 0, dropped: 0 })
  expect(lossLines(payments)).toEqual([])
})

test('SIGTERM: spans that wait for their batch are sent', async () => {
  const payments = await startPayments({ OTEL_BSP_SCHEDULE_DELAY: '600000' })
  const traceIds = [await charge(payments), await charge(payments)]
  expect(receiver.spans).toEqual([])
  payments.kill('SIGTERM')
  expect(await payments.exited).toBe(0)
  expect(receiver.spans.map(({ traceId }) => traceId)).toEqual(traceIds)
})

test.for(['refuse', 'hang'] as const)(
  'SIGTERM: a collector that does not take spans (%s) cannot keep the process, and the log says what is lost',
  async (failure) => {
    receiver.reply = failure
    const payments = await startPayments({
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      SHUTDOWN_TIMEOUT_MS: '10000',
    })
    await charge(payments)
    await charge(payments)
    payments.kill('SIGTERM')
    expect(await payments.exited).toBe(0)
    expect(receiver.requests.length).toBeGreaterThan(0)
    expect(lossLines(payments)).toEqual([expect.objectContaining({ spans: 2 })])
  },
)

/** A program that Node runs before a service: it writes a line for every module that is loaded. */
const LIST_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      process.stdout.write(JSON.stringify({ level: 'LOADED', msg: url }) + '\\n')
      return next(url, context)
    },
  })`)}`

/** What a service loads until it has answered. */
async function loadedBy(service: string, environment: Environment): Promise<string[]> {
  const { logs, url } = await startService(service, {
    ...environment,
    NODE_OPTIONS: `--import=${LIST_MODULES}`,
  })
  await get(`${url}/unknown`)
  return logs
    .lines()
    .filter(({ level }) => level === 'LOADED')
    .map(({ msg }) => msg)
}

/** prom-client loads the API, which does nothing by itself. */
const ofOpenTelemetry = (modules: string[]) =>
  modules.filter((module) => /\/@opentelemetry\/(?!api\/)|\/kit\/src\/tracing\/sdk\.ts/.test(module))

test.for(SERVICES)('without an endpoint, %s loads nothing of OpenTelemetry', async (service) => {
  const modules = await loadedBy(service, { OTEL_TRACES_SAMPLER: 'always_on' })
  expect(modules.some((module) => module.includes('/node_modules/fastify/'))).toBe(true)
  expect(ofOpenTelemetry(modules)).toEqual([])
})

test('with an endpoint a service loads it, unless OTEL_SDK_DISABLED=true', async () => {
  const on = tracesTo(receiver)
  expect(ofOpenTelemetry(await loadedBy('payments', on))).not.toEqual([])
  expect(ofOpenTelemetry(await loadedBy('payments', { ...on, OTEL_SDK_DISABLED: 'true' }))).toEqual([])
})
