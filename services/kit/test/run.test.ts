import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Program } from '@quickticket/testing/program'
import { runProgram, runService } from '@quickticket/testing/service-process'
import { expect, test } from 'vitest'

const said = (msg: string) => (line: { msg: string }) => line.msg === msg

/** A charge that is in flight, because it takes some time. */
async function startCharge(payments: Program) {
  const answer = fetch(`${await payments.url()}/charge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"reservation_id":"r-1","amount":100}',
  })
  await payments.logs.until(said('injected latency'))
  return answer
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s lets what is in flight finish, and ends the process with 0',
  async (signal) => {
    const payments = runService('payments', { PAYMENT_LATENCY_MS: '300' })
    const charge = startCharge(payments)
    await payments.logs.until(said('injected latency'))
    payments.kill(signal)
    const answer = await charge
    expect(answer.status).toBe(200)
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toMatchObject({ status: 'charged' })
    expect(await payments.exited).toBe(0)
    expect(payments.logs.lines()).toContainEqual(expect.objectContaining({ msg: 'stopping', signal }))
    expect(payments.logs.lines().at(-1)).toMatchObject({ msg: 'stopped', service: 'payments' })
  },
)

test('before it ends, a service is not ready but still serves, so that traffic can move away', async () => {
  const notifications = runService('notifications', { SHUTDOWN_DELAY_MS: '1500' })
  const url = await notifications.url()
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  notifications.kill('SIGTERM')
  await notifications.logs.until(said('stopping'))
  expect((await fetch(`${url}/readyz`)).status).toBe(503)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  expect(await notifications.exited).toBe(0)
  await expect(fetch(`${url}/health`)).rejects.toThrow()
})

test('a stop signal ends the process while clients keep connections that ask nothing', async () => {
  const notifications = runService('notifications', { HOST: 'localhost' })
  const { hostname, port } = new URL(await notifications.url())
  expect(hostname).toBe('127.0.0.1')
  const head =
    'POST /notify HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n'
  const idle = 'GET /health HTTP/1.1\r\nhost: a\r\n\r\n'
  const closed = ['', 'GET /hea', head, 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', idle].map(
    async (bytes) => {
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
      await once(socket, 'connect')
      socket.write(bytes)
      return { socket, ended: once(socket.resume(), 'end') }
    },
  )
  await Promise.all(closed)
  await notifications.logs.until(said('GET /health'))
  notifications.kill('SIGTERM')
  expect(await notifications.exited).toBe(0)
  await Promise.all(closed.map(async (each) => (await each).ended))
})

test('a process that cannot end in time gives up and says so', async () => {
  const payments = runService('payments', { PAYMENT_LATENCY_MS: '60000', SHUTDOWN_TIMEOUT_MS: '100' })
  const charge = startCharge(payments).catch(() => 'cut off')
  await payments.logs.until(said('injected latency'))
  payments.kill('SIGTERM')
  expect(await payments.exited).toBe(1)
  expect(await charge).toBe('cut off')
  await payments.logs.until(said('did not stop in time'))
})

test('a second signal ends the process at once', async () => {
  const payments = runService('payments', { PAYMENT_LATENCY_MS: '60000' })
  const charge = startCharge(payments).catch(() => 'cut off')
  await payments.logs.until(said('injected latency'))
  payments.kill('SIGTERM')
  await payments.logs.until(said('stopping'))
  payments.kill('SIGTERM')
  expect(await payments.exited).not.toBe(0)
  expect(await charge).toBe('cut off')
})

test('a service ends in order when the parent that it has a channel to is gone', async () => {
  const notifications = runService('notifications')
  await notifications.url()
  notifications.disconnect()
  expect(await notifications.exited).toBe(0)
  await notifications.logs.until(said('stopped'))
})

test('bad configuration ends the process with 1 and one line that names every bad variable', async () => {
  const payments = runService('payments', {
    PAYMENT_FAILURE_RATE: '1.5',
    PAYMENT_LATENCY_MS: '-1',
    PORT: 'http',
  })
  expect(await payments.exited).toBe(1)
  expect(payments.logs.lines()).toHaveLength(1)
  const [line] = payments.logs.lines()
  expect(line).toMatchObject({ level: 'ERROR', service: 'payments' })
  expect(line?.msg).toContain('PAYMENT_FAILURE_RATE="1.5" must be a number from 0 to 1 (default 0)')
  expect(line?.msg).toContain('PAYMENT_LATENCY_MS="-1" must be a whole number from 0 to 600000 (default 0)')
  expect(line?.msg).toContain('PORT="http" must be a whole number from 0 to 65535 (default 8082)')
})

test('a port that is taken ends the process with 1 and says what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const payments = runService('payments', { PORT: String(port) })
  expect(await payments.exited).toBe(1)
  expect(payments.logs.lines().at(-1)).toMatchObject({
    level: 'ERROR',
    msg: `port ${port} is in use: stop what listens there or set PORT`,
  })
  other.close()
})

test('an unhandled error is logged and ends the process with 1', async () => {
  const source = (file: string) => JSON.stringify(fileURLToPath(new URL(`../src/${file}`, import.meta.url)))
  const program = `
    import { createApp } from ${source('app.ts')}
    import { createLog } from ${source('log.ts')}
    import { probes } from ${source('health.ts')}
    import { run } from ${source('run.ts')}
    await run('odd', async () => {
      const log = createLog('odd', 'info')
      const app = createApp({ log, maxConcurrentRequests: 0 })
      probes(app, { service: 'odd', version: '1' })
      app.addHook('onListen', async () => void Promise.reject(new Error('unhandled by the test')))
      const config = { HOST: '127.0.0.1', PORT: 0, SHUTDOWN_DELAY_MS: 60_000, SHUTDOWN_TIMEOUT_MS: 10_000 }
      return { app, config, log }
    })`
  const odd = runProgram(['--input-type=module', '-e', program])
  expect(await odd.exited).toBe(1)
  expect(odd.logs.lines()).toContainEqual(
    expect.objectContaining({
      level: 'ERROR',
      msg: 'unhandled error',
      err: expect.objectContaining({ message: 'unhandled by the test' }),
    }),
  )
})
