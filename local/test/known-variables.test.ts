import { expect, test } from 'vitest'
import { nearest } from '../src/did-you-mean.ts'
import { findSlips, refuseVariables, variablesOf } from '../src/known-variables.ts'

test.each([
  ['payments', 'PAYMENT_LATENCY', 'payments does not read PAYMENT_LATENCY: did you mean PAYMENT_LATENCY_MS?'],
  [
    'payments',
    'PAYMENT_FAILURE_RTE',
    'payments does not read PAYMENT_FAILURE_RTE: did you mean PAYMENT_FAILURE_RATE?',
  ],
  ['payments', 'LATENCY_MS', 'payments does not read LATENCY_MS: did you mean PAYMENT_LATENCY_MS?'],
  ['events', 'DB_PASSWORD', 'events does not read DB_PASSWORD: did you mean DB_PASS?'],
  ['gateway', 'RATE_LIMIT', 'gateway does not read RATE_LIMIT: did you mean RATE_LIMIT_RPS?'],
  ['gateway', 'PAYMENT_FAILURE_RATE', 'gateway does not read PAYMENT_FAILURE_RATE; payments does'],
  [
    'gateway',
    'PAYMENT_FAILURE',
    'gateway does not read PAYMENT_FAILURE: did you mean PAYMENT_FAILURE_RATE of payments?',
  ],
  ['notifications', 'PAYMENTS_URL', 'notifications does not read PAYMENTS_URL; gateway and events do'],
  ['events', 'COLOR', 'events does not read COLOR: docs/configuration.md lists what it reads'],
  ['events', 'PORT', 'PORT stays what it was when the system was started'],
  ['postgres', 'PORT', 'postgres takes no variables, only the four services do'],
] as const)('%s with %s is refused', (component, name, message) => {
  expect(() => refuseVariables(component, { [name]: '1' })).toThrow(new Error(message))
})

test('every variable that is strange is in the one message', () => {
  expect(() => refuseVariables('payments', { RETRY_MAX: '3', LATENCY: '1' })).toThrow(
    /^payments does not read RETRY_MAX; gateway does; payments does not read LATENCY/,
  )
})

test('what a service reads, a file of a secret and what Node.js reads is taken', () => {
  const given = { DB_PASS_FILE: '/x', FAULTS: '', LOG_LEVEL: 'debug', NODE_OPTIONS: '--trace-gc', TZ: 'UTC' }
  expect(() => refuseVariables('events', given)).not.toThrow()
  expect(variablesOf('events')).toContain('RESERVATION_TTL')
})

test('slips in the environment of npm start are found, and what is of others is left alone', () => {
  expect(
    findSlips({ PAYMENT_LATENCY: '1', XDG_DATA_DIRS: '/', COMPOSE_FILE: 'x', GATEWAY_PORT: '1' }),
  ).toEqual(['no service reads PAYMENT_LATENCY: did you mean PAYMENT_LATENCY_MS?'])
  expect(
    findSlips({ PAYMENT_LATENCY_MS: '1', SSH_TTY: '1', TERM_PROGRAM: '1', npm_config_cache: '1' }),
  ).toEqual([])
})

test('what is far from every name is not guessed', () => {
  expect(nearest('banana', ['status', 'stop', 'start'])).toBeUndefined()
  expect(nearest('stauts', ['status', 'stop', 'start'])).toBeUndefined()
  expect(nearest('statu', ['status', 'stop', 'start'])).toBe('status')
})
