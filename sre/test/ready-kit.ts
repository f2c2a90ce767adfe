import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MONITORING } from '@quickticket/monitoring/slo/files'
import { onTestFinished } from 'vitest'
import { type Context, createContext, type System } from '../src/context.ts'
import type { RunProgram } from '../src/program.ts'
import type { Check, Finding } from '../src/ready/check.ts'
import { inspect, runChecks } from '../src/ready/readiness.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

/** An address where nothing listens. */
export const NOTHING_THERE = 'http://127.0.0.1:9'

/** A context with a database of its own, which goes away with the test. */
export function ownContext(
  variables: Record<string, string> = {},
  { system = 'compose', now = Date.now }: { system?: System; now?: () => number } = {},
): Context {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-ready-'))
  const env = {
    PROMETHEUS_URL: NOTHING_THERE,
    ALERTMANAGER_URL: NOTHING_THERE,
    SRE_SYSTEM: system,
    SRE_DATA_DIR: directory,
    ...variables,
  }
  const context = createContext(env, { now })
  onTestFinished(() => {
    context.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return context
}

/** What one check says. */
export async function ask(
  check: Check,
  context: Context,
  { run, service }: { run?: RunProgram; service?: string } = {},
): Promise<Finding> {
  const options = { maxAgeMs: 30 * DAY_MS, ...(run && { run }), ...(service && { service }) }
  const [result] = await runChecks([check], await inspect(context, options))
  if (!result) throw new Error('a check has one result')
  return result
}

/** A series in OpenMetrics text with a sample each minute. @param from minutes before now @param to minutes before now */
export function planted(
  series: string,
  value: number,
  { from, to = 0 }: { from: number; to?: number },
): string {
  const minutes = Array.from({ length: from - to + 1 }, (_, index) => from - index)
  return minutes.map((ago) => `${series} ${value} ${(Date.now() - ago * MINUTE_MS) / 1000}`).join('\n')
}

/** The rule files of the repository, under names that the Prometheus of a test reads. */
export function repositoryRules(): Record<string, string> {
  const directory = join(MONITORING, 'prometheus/rules')
  const files = readdirSync(directory).filter((file) => file.endsWith('.yml'))
  return Object.fromEntries(
    files.map((file) => [file.replace('.yml', '.rules.yml'), readFileSync(join(directory, file), 'utf8')]),
  )
}
