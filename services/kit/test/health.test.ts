import { expect, test, vi } from 'vitest'
import { check } from '../src/health.ts'
import { exampleApp } from './example-app.ts'

test('a process that runs is alive and ready, and says what it is', async () => {
  const app = exampleApp()
  expect((await app.inject('/livez')).json()).toEqual({ status: 'ok' })
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'ok' })
  expect((await app.inject('/version')).json()).toEqual({
    service: 'example',
    version: '1.2.3',
    node: process.version,
  })
})

test('a process that stops is alive, not ready, and ends its connections', async () => {
  const app = exampleApp()
  app.draining = true
  const ready = await app.inject('/readyz')
  expect(ready.statusCode).toBe(503)
  expect(ready.json()).toEqual({ status: 'draining' })
  expect((await app.inject('/livez')).statusCode).toBe(200)
  const answer = await app.inject('/things')
  expect(answer.statusCode).toBe(200)
  expect(answer.headers.connection).toBe('close')
})

test('a check says what was answered, and down when nothing was', async () => {
  expect(await check(async () => 'ok', 1000)).toBe('ok')
  expect(await check(async () => 'degraded', 1000)).toBe('degraded')
  expect(await check(() => Promise.reject(new Error('no')), 1000)).toBe('down')
})

test('a check that takes too long is down', async () => {
  vi.useFakeTimers()
  const result = check(() => new Promise(() => {}), 2000)
  await vi.advanceTimersByTimeAsync(2000)
  expect(await result).toBe('down')
  vi.useRealTimers()
})
