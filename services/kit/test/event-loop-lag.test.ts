import { setImmediate } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { exportEventLoopLag } from '../src/event-loop-lag.ts'

test('every scraper sees that the event loop was blocked', async () => {
  const registry = new Registry()
  onTestFinished(exportEventLoopLag(registry))
  const read = async () =>
    Number(/^nodejs_eventloop_lag_peak_seconds (\S+)$/m.exec(await registry.metrics())?.[1])
  // two samples, so that there is a time between them
  for (const until = performance.now() + 50; performance.now() < until; ) await setImmediate()
  const until = performance.now() + 300
  while (performance.now() < until);
  for (const until = performance.now() + 50; performance.now() < until; ) await setImmediate()
  const seen = await read()
  expect(seen).toBeGreaterThan(0.2)
  expect(await read()).toBe(seen)
})
