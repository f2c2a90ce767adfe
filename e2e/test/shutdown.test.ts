import { SERVICES } from '@quickticket/contract/services'
import { type RunningService, startService } from '@quickticket/testing/service-process'
import { expect, test } from 'vitest'
import { get, post } from '../src/http.ts'

const charge = (payments: RunningService) =>
  post(`${payments.url}/charge`, { reservation_id: 'r-1', amount: 1 })

function underWay(payments: RunningService, charges = 1) {
  const started = () => payments.logs.lines().filter(({ msg }) => msg === 'injected latency').length
  return expect.poll(started, { timeout: 20_000, interval: 20 }).toBe(charges)
}

test('SIGTERM: a request in flight finishes, then the process exits with 0', async () => {
  const payments = await startService('payments', { PAYMENT_LATENCY_MS: '1500' })
  const charging = charge(payments)
  await underWay(payments)
  payments.kill('SIGTERM')
  const answer = await charging
  expect(answer).toMatchObject({ status: 200, json: { status: 'charged' } })
  expect(answer.headers.connection).toBe('close')
  expect(await payments.exited).toBe(0)
})

test('SIGTERM and SIGINT: idle services exit with 0 although they never reached anybody', async () => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGINT'] as const
  await Promise.all(
    SERVICES.map(async (service, i) => {
      const idle = await startService(service)
      idle.kill(signals[i] as 'SIGTERM')
      expect({ service, code: await idle.exited }).toEqual({ service, code: 0 })
    }),
  )
})

test('SHUTDOWN_DELAY_MS: while it drains it is not ready, and still serves', async () => {
  const payments = await startService('payments', { SHUTDOWN_DELAY_MS: '2000' })
  expect((await get(`${payments.url}/readyz`)).status).toBe(200)
  payments.kill('SIGTERM')
  await expect.poll(async () => (await get(`${payments.url}/readyz`)).status, { interval: 20 }).toBe(503)
  expect((await get(`${payments.url}/livez`)).status).toBe(200)
  const answer = await charge(payments)
  expect(answer.status).toBe(200)
  expect(answer.headers.connection).toBe('close')
  expect(await payments.exited).toBe(0)
  await expect(get(`${payments.url}/livez`)).rejects.toThrow()
})

test('SHUTDOWN_TIMEOUT_MS: what hangs is named, and the process exits with 1', async () => {
  const payments = await startService('payments', {
    PAYMENT_LATENCY_MS: '60000',
    SHUTDOWN_TIMEOUT_MS: '500',
  })
  const charging = charge(payments).catch((error: Error) => error)
  await underWay(payments)
  payments.kill('SIGTERM')
  expect(await payments.exited).toBe(1)
  expect(await charging).toBeInstanceOf(Error)
  const last = payments.logs.lines().filter(({ level }) => level === 'ERROR')
  expect(last).toHaveLength(1)
  expect(last[0]).toMatchObject({ hung: expect.arrayContaining([expect.any(String)]) })
})

test('500 delayed charges do not keep payments from answering its health', async () => {
  const payments = await startService('payments', { PAYMENT_LATENCY_MS: '3000' })
  const charging = Array.from({ length: 500 }, () => charge(payments))
  await underWay(payments, 500)
  for (let i = 0; i < 10; i++) {
    const health = await get(`${payments.url}/health`)
    expect(health.status).toBe(200)
    expect(health.elapsedMs).toBeLessThan(500)
  }
  const answers = await Promise.all(charging)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
})
