import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createPeak, PEAK_WINDOW_S } from './peak.ts'
import { Gauge, type Registry } from './prometheus.ts'

const RESOLUTION_MS = 10

/**
 * The longest that the event loop was blocked of late. prom-client's own maximum begins again with each scrape, and so a second
 * scraper, or a person who looks, takes away what the first would have seen.
 *
 * @returns stops the measurement
 */
export function exportEventLoopPeak(registry: Registry): () => void {
  const peak = createPeak()
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const keep = () => {
    // without a sample it is 0, and never what the timer itself takes
    if (delay.count > 0) peak.note(Math.max(delay.max / 1e6 - RESOLUTION_MS, 0) / 1000)
    delay.reset()
  }
  const timer = setInterval(keep, 1000).unref()
  delay.enable()
  new Gauge({
    name: 'nodejs_eventloop_lag_peak_seconds',
    help: `The longest lag of the event loop in the last ${PEAK_WINDOW_S} s`,
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
