import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatDuration, parseDurationMs } from './duration.ts'
import { MONITORING, sloFiles } from './files.ts'

/** How often something is done; more often than once a second, and Prometheus does nothing else. */
const SHORTEST_INTERVAL_MS = 1000
/** A cause may be scraped after its symptoms, and has to be in time to silence them. */
const SHORTEST_GROUP_WAIT_MS = 2 * SHORTEST_INTERVAL_MS

/**
 * The whole configuration of Prometheus and Alertmanager in another time: the same expressions, and every window, interval and
 * waiting time divided by `timeScale`. So a test sees within a minute what otherwise takes an hour.
 */
export function writeScaled(out: string, timeScale: number): void {
  for (const part of ['prometheus', 'alertmanager']) {
    cpSync(join(MONITORING, part), join(out, part), { recursive: true })
  }
  const rules = join(out, 'prometheus/rules')
  mkdirSync(rules, { recursive: true })
  for (const file of readdirSync(rules)) rewrite(join(rules, file), (text) => scaleDurations(text, timeScale))
  for (const [file, text] of sloFiles(timeScale, SHORTEST_INTERVAL_MS)) writeFileSync(join(rules, file), text)
  for (const file of ['prometheus/prometheus.yml', 'alertmanager/alertmanager.yml']) {
    rewrite(join(out, file), (text) => scaleDurations(text, timeScale))
  }
}

/** Durations stand in [ranges], after `offset`, and as values of keys. */
export function scaleDurations(text: string, timeScale: number): string {
  const scaled = (duration: string, key?: string) =>
    formatDuration(Math.max(parseDurationMs(duration) / timeScale, shortestMs(key)))
  return text
    .replace(/(\[|offset )(\d+(?:ms|s|m|h|d))\b/g, (_, before, duration) => before + scaled(duration))
    .replace(
      /^(\s*(?:- )?(\w+): )(\d+(?:ms|s|m|h|d))$/gm,
      (_, before, key, duration) => before + scaled(duration, key),
    )
}

function shortestMs(key = ''): number {
  if (key === 'group_wait') return SHORTEST_GROUP_WAIT_MS
  return /^(scrape_|evaluation_|refresh_)?(interval|timeout)$/.test(key) ? SHORTEST_INTERVAL_MS : 1
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}
