import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'
import { createSlidingMaximum, MAXIMUM_WINDOW_S } from './sliding-maximum.ts'

const RESOLUTION_MS = 10

/**
 * Exports the longest recent lag of the event loop. prom-client's own maximum is reset by each scrape, so that a second scraper,
 * or a person who reads /metrics, hides values from the first.
 *
 * @returns stops the measurement
 */
export function exportEventLoopLag(registry: Registry): () => void {
  const peak = createSlidingMaximum()
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const keep = () => {
    // the histogram includes the timer's own resolution, and has no maximum without a sample
    if (delay.count > 0) peak.record(Math.max(delay.max / 1e6 - RESOLUTION_MS, 0) / 1000)
    delay.reset()
  }
  const timer = setInterval(keep, 1000).unref()
  delay.enable()
  new Gauge({
    name: 'nodejs_eventloop_lag_peak_seconds',
    help: `The longest lag of the event loop in the last ${MAXIMUM_WINDOW_S} s`,
    registers: [registry],
    collect() {
      keep()
      this.set(peak.max())
    },
  })
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}
