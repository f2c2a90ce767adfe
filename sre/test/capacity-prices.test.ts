import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readDiskLimit, readPresent } from '../src/capacity/present.ts'
import { monthlyCost, PRICES_FILE, readPrices } from '../src/capacity/prices.ts'
import { cpuQuantity, GIB, MIB, memoryQuantity, readQuantity } from '../src/capacity/quantity.ts'
import { UsageError } from '../src/verb.ts'

const directory = mkdtempSync(join(tmpdir(), 'quickticket-prices-'))
afterAll(() => rmSync(directory, { recursive: true }))

test.each([
  ['50m', 0.05],
  ['1', 1],
  ['1.5', 1.5],
  ['256Mi', 256 * MIB],
  ['20Gi', 20 * GIB],
  ['1k', 1000],
  ['much', undefined],
  ['-1', undefined],
  ['1Xi', undefined],
  ['', undefined],
])('the quantity %j of Kubernetes is %j', (text, value) => {
  expect(readQuantity(text)).toBe(value)
})

test('requests are rounded up, to 10 millicores and 16 MiB', () => {
  expect([0.001, 0.021, 0.03, 1, 1.001].map(cpuQuantity)).toEqual(['10m', '30m', '30m', '1', '1010m'])
  expect([1, 33 * MIB, 128 * MIB, 128 * MIB + 1].map(memoryQuantity)).toEqual([
    '32Mi',
    '48Mi',
    '128Mi',
    '144Mi',
  ])
})

test('what the system asks for now is read from the files of k8s', () => {
  const asked = {
    replicas: 1,
    cpuRequest: 0.05,
    cpuLimit: 1,
    memoryRequest: 128 * MIB,
    memoryLimit: 256 * MIB,
  }
  expect(readPresent('gateway')).toEqual(asked)
  expect(readPresent('events')).toEqual(asked)
  expect(readPresent('payments')).toEqual(asked)
  expect(readDiskLimit()).toBe(GIB)
})

test('one vCPU and 4 GiB cost 42.53 USD a month at the prices of the file', () => {
  const prices = readPrices(PRICES_FILE)
  expect(prices.currency).toBe('USD')
  // 730 · (0.04048 + 4 · 0.004445)
  expect(monthlyCost(prices, { replicas: 1, cpuRequest: 1, memoryRequest: 4 * GIB })).toBeCloseTo(42.53, 2)
})

test.each([
  [
    'a price that is no number',
    'vcpuHour: cheap\ngibHour: 1\ngibMonthDisk: 1\n',
    'vcpuHour must be a number',
  ],
  ['a price that is left out', 'vcpuHour: 1\ngibHour: 1\n', 'gibMonthDisk must be a number'],
  ['no YAML', '{', 'sre/prices.yaml shows what is expected'],
])('a file of prices with %s is refused', (_, text, message) => {
  const file = join(directory, 'prices.yaml')
  writeFileSync(file, text)
  expect(() => readPrices(file)).toThrow(UsageError)
  expect(() => readPrices(file)).toThrow(message)
})
