import { Registry } from '@quickticket/kit/prometheus'
import { expect, test } from 'vitest'
import { createGroundTruth } from '../src/ground-truth.ts'
import { createDice, createOwnFaults } from '../src/own.ts'

test('a rate of 0 never strikes, a rate of 1 always does', () => {
  for (const roll of [0, 0.5, 1 - Number.EPSILON]) {
    expect(createDice(0, () => roll)()).toBe(false)
    expect(createDice(1, () => roll)()).toBe(true)
  }
})

test('a rate strikes for its share of the rolls', () => {
  const rolls = Array.from({ length: 1000 }, (_, index) => index / 1000)
  const strikes = createDice(0.3, () => rolls.shift() as number)
  expect(Array.from({ length: 1000 }, strikes).filter(Boolean)).toHaveLength(300)
})

/** A hundred throws of a service's own dice. */
function throws(seed: number, kind: 'status' | 'lost-response' = 'status', service = 'payments'): boolean[] {
  const truth = createGroundTruth(new Registry(), service, false)
  const dice = createOwnFaults(truth, seed, service).dice(kind, '/charge', 0.5)
  return Array.from({ length: 100 }, dice)
}

test('the same seed throws the same, another seed, fault or service something else', () => {
  expect(throws(7)).toEqual(throws(7))
  for (const other of [throws(8), throws(7, 'lost-response'), throws(7, 'status', 'notifications')]) {
    expect(other).not.toEqual(throws(7))
  }
})

test('what a service injects itself is counted and active', async () => {
  const registry = new Registry()
  const own = createOwnFaults(createGroundTruth(registry, 'payments', false), 1, 'payments')
  const [fails, lags] = [own.dice('status', '/charge', 1), own.dice('latency', '/charge', 0)]
  for (let i = 0; i < 3; i++) fails()
  lags()
  const text = await registry.metrics()
  expect(text).toContain('payments_faults_injected_total{fault="status",path="/charge"} 3')
  expect(text).toContain('payments_fault_active{fault="status"} 1')
  expect(text).not.toContain('latency')
})
