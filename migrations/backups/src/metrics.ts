import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@quickticket/kit/log'
import { writeWhole } from './directory.ts'

const HELP = {
  last_success_timestamp_seconds: 'When the newest dump was taken.',
  last_verified_timestamp_seconds: 'When the newest dump was taken that has been restored and compared.',
  last_failure_timestamp_seconds: 'When a backup or a verification failed last.',
  size_bytes: 'Size of the newest dump.',
  duration_seconds: 'How long the newest dump took.',
}

export type Samples = Partial<Record<keyof typeof HELP, number>>

const FILE = 'quickticket_backup.prom'
const PUSH_TIMEOUT_MS = 5000

/** Where the metrics of a directory of dumps are kept, in the form that the node exporter reads. */
export interface BackupMetrics {
  /** Takes new samples and keeps the others. Times do not go back: an older dump that is verified is no newer one. */
  record(samples: Samples): Promise<void>
  /** Sends what is known to the OTLP receiver, if there is one. A receiver that is away is no failed backup. */
  push(): Promise<void>
}

export function createBackupMetrics(directory: string, receiver: string, log: Log): BackupMetrics {
  const path = join(directory, FILE)
  return {
    async record(samples) {
      await writeWhole(path, format(latest(await read(path), samples)))
      await this.push()
    },
    async push() {
      if (receiver === '') return
      try {
        const response = await fetch(receiver, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(otlp(await read(path), Date.now())),
          signal: AbortSignal.timeout(PUSH_TIMEOUT_MS),
        })
        if (!response.ok) throw new Error(`it answers ${response.status}: ${await response.text()}`)
      } catch (error) {
        log.warn({ err: error }, `metrics could not be sent to ${receiver}`)
      }
    },
  }
}

function latest(before: Samples, after: Samples): Samples {
  const samples = { ...before, ...after }
  for (const name of names().filter((each) => each.endsWith('_timestamp_seconds'))) {
    const times = [before[name], after[name]].filter((time) => time !== undefined)
    if (times.length > 0) samples[name] = Math.max(...times)
  }
  return samples
}

function format(samples: Samples): string {
  const known = names().filter((name) => samples[name] !== undefined)
  return known
    .map((name) => {
      const metric = `quickticket_backup_${name}`
      return `# HELP ${metric} ${HELP[name]}\n# TYPE ${metric} gauge\n${metric} ${samples[name]}\n`
    })
    .join('')
}

async function read(path: string): Promise<Samples> {
  // the first backup has no samples yet
  const text = await readFile(path, 'utf8').catch(() => '')
  const found = names().map((name) => [
    name,
    new RegExp(`^quickticket_backup_${name} (\\S+)$`, 'm').exec(text)?.[1],
  ])
  return Object.fromEntries(found.filter(([, value]) => value).map(([name, value]) => [name, Number(value)]))
}

/** @see https://opentelemetry.io/docs/specs/otlp/#otlphttp */
function otlp(samples: Samples, timeMs: number) {
  const metrics = names()
    .filter((name) => samples[name] !== undefined)
    .map((name) => ({
      name: `quickticket_backup_${name}`,
      description: HELP[name],
      gauge: { dataPoints: [{ timeUnixNano: `${timeMs}000000`, asDouble: samples[name] }] },
    }))
  const attributes = [{ key: 'service.name', value: { stringValue: 'backup' } }]
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] }
}

function names(): (keyof typeof HELP)[] {
  return Object.keys(HELP) as (keyof typeof HELP)[]
}
