import { loadConfig } from '@quickticket/kit/config'
import { expect, test } from 'vitest'
import { faultVariables } from '../src/variables.ts'

test('without variables there are no faults', () => {
  expect(loadConfig(faultVariables, {})).toEqual({ FAULTS: '', FAULTS_SEALED: false, FAULT_ADMIN_TOKEN: '' })
})

test.each([
  'FAULTS="GET /a 5% explode" must be a list of faults as in docs/faults.md',
  ': at column 11: "explode" is no fault: status, latency',
  'here: "GET /a 5% ^explode"',
  'FAULT_SEED="-1" must be a whole number from 0 to 4294967295',
])('a mistake is reported with its column and what is allowed: %s', (part) => {
  const load = () => loadConfig(faultVariables, { FAULTS: 'GET /a 5% explode', FAULT_SEED: '-1' })
  expect(load).toThrow(part)
})
