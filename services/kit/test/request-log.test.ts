import { captureLog } from '@quickticket/testing/captured-log'
import type { FastifyBaseLogger } from 'fastify'
import { expect, test } from 'vitest'
import { requestLog } from '../src/request-log.ts'

const TRACE = { requestId: 'r-1', traceId: 'a'.repeat(32), flags: '01' }
const IDS = { request_id: TRACE.requestId, trace_id: TRACE.traceId }

function capture(level?: string) {
  const { log, lines } = captureLog(level)
  return { log: requestLog(log as FastifyBaseLogger, TRACE), lines }
}

test('every line has the ids of its request, with fields or without', () => {
  const { log, lines } = capture()
  log.info({ order_id: 'o-1' }, 'order confirmed')
  log.warn('only a message')
  log.error({ err: new Error('broken') })
  expect(lines()).toMatchObject([
    { ...IDS, level: 'INFO', order_id: 'o-1', msg: 'order confirmed' },
    { ...IDS, level: 'WARNING', msg: 'only a message' },
    { ...IDS, level: 'ERROR', err: { message: 'broken' }, msg: 'broken' },
  ])
})

test('an error by itself is what it is to pino: its message, and its stack as err', () => {
  const { log, lines } = capture()
  log.error(new Error('broken'))
  log.error(new Error('broken'), 'could not')
  expect(lines()).toMatchObject([
    {
      ...IDS,
      err: { message: 'broken', stack: expect.stringContaining('request-log.test.ts') },
      msg: 'broken',
    },
    { ...IDS, err: { message: 'broken' }, msg: 'could not' },
  ])
})

test('placeholders in a message are filled in', () => {
  const { log, lines } = capture()
  log.info('%s of %d', 'two', 3)
  log.info({ a: 1 }, '%s of %d', 'two', 3)
  expect(lines()).toMatchObject([{ msg: 'two of 3' }, { a: 1, msg: 'two of 3' }])
})

test('less severe lines than LOG_LEVEL asks for are left out', () => {
  const { log, lines } = capture('warn')
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level)
  expect(lines().map(({ msg }) => msg)).toEqual(['warn', 'error', 'fatal'])
  expect(log.level).toBe('warn')
})

test('a child has the ids too, and what it was given', () => {
  const { log, lines } = capture()
  log.child({ step: 2 }).info('done')
  expect(lines()).toMatchObject([{ ...IDS, step: 2, msg: 'done' }])
})
