import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createGroundTruth } from '../src/ground-truth.ts'
import { createSampler, createServiceFaults } from '../src/service-faults.ts'

test('a rate of 0 never strikes, a rate of 1 always does', () => {
  for (const roll of [0, 0.5, 1 - Number.EPSILON]) {
    expect(createSampler(0, () => roll)()).toBe(false)
    expect(createSampler(1, () => roll)()).toBe(true)
  }
})

test('a rate strikes its share of the random numbers', () => {
  const rolls = Array.from({ length: 1000 }, (_, index) => index / 1000)
  const strikes = createSampler(0.3, () => rolls.shift() as number)
  expect(Array.from({ length: 1000 }, strikes).filter(Boolean)).toHaveLength(300)
})

/** A hundred decisions of a service's sampler. */
function decisions(
  seed: number,
  kind: 'status' | 'lost-response' = 'status',
  service = 'payments',
): boolean[] {
  const truth = createGroundTruth(new Registry(), service, false)
  const sampler = createServiceFaults(truth, seed, service).sampler(kind, '/charge', 0.5)
  return Array.from({ length: 100 }, sampler)
}

test('the same seed decides the same; another seed, fault or service decides differently', () => {
  expect(decisions(7)).toEqual(decisions(7))
  for (const other of [
    decisions(8),
    decisions(7, 'lost-response'),
    decisions(7, 'status', 'notifications'),
  ]) {
    expect(other).not.toEqual(decisions(7))
  }
})

test('a fault of the service itself is counted and active', async () => {
  const registry = new Registry()
  const own = createServiceFaults(createGroundTruth(registry, 'payments', false), 1, 'payments')
  const [fails, lags] = [own.sampler('status', '/charge', 1), own.sampler('latency', '/charge', 0)]
  for (let i = 0; i < 3; i++) fails()
  lags()
  const text = await registry.metrics()
  expect(text).toContain('payments_faults_injected_total{fault="status",path="/charge"} 3')
  expect(text).toContain('payments_fault_active{fault="status"} 1')
  expect(text).not.toContain('latency')
})
