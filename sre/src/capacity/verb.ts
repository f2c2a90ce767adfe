import { writeFileSync } from 'node:fs'
import { readLengthOption } from '../length-option.ts'
import { CannotTell, UsageError, type Verb } from '../verb.ts'
import { keepKnee, readKnee } from './knee.ts'
import { kustomizePatch } from './patch.ts'
import { computeCapacity } from './plan.ts'
import { PRICES_FILE, readPrices } from './prices.ts'
import { readQuantity } from './quantity.ts'
import { capacityText } from './text.ts'

const SHORTEST_MS = 10 * 60_000

export const verb: Verb = {
  usage: `npm run sre -- capacity [--horizon 30d] [--window 14d] [--knee FILE] [--disk SIZE] [--prices FILE] [--patch FILE]

When each limit is reached, what limits first, and what to ask for. Fits the load, CPU, memory, connections and the size of the
database against time, and what is used against the load. The exit code is 1 when a limit is expected to be reached within the
horizon, which takes a day of history.

The size of the database is in no metric: each run asks PostgreSQL, which DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASS name (by
default the one on this machine), and keeps the answer. For the database of npm start:
node local/src/with-stores.ts sre/src/main.ts capacity

  --horizon 30d  how far to look ahead; a line is drawn at most ten times as far as it was seen
  --window 14d   how much history to look at
  --knee FILE    what npm run load -- --until-breaks --refill --json FILE measured; it is kept for later runs
  --disk SIZE    what the database may use, such as 20Gi; by default the volume of k8s/base
  --prices FILE  other prices than those of sre/prices.yaml
  --patch FILE   writes requests, limits and replicas as a patch for kustomize`,
  options: {
    horizon: { type: 'string' },
    window: { type: 'string' },
    knee: { type: 'string' },
    disk: { type: 'string' },
    prices: { type: 'string' },
    patch: { type: 'string' },
  },

  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`)
    const horizonMs = readLengthOption('horizon', values.horizon, { fallback: '30d', minMs: SHORTEST_MS })
    const windowMs = readLengthOption('window', values.window, { fallback: '14d', minMs: SHORTEST_MS })
    const diskBytes = readDisk(values.disk)
    const prices = readPrices(typeof values.prices === 'string' ? values.prices : PRICES_FILE)
    if (typeof values.knee === 'string') keepKnee(context.store, readKnee(values.knee))
    const capacity = await computeCapacity(context, { horizonMs, windowMs, prices, diskBytes })
    if (typeof values.patch === 'string') writePatch(values.patch, kustomizePatch(capacity.advice, capacity))
    return {
      ok: capacity.firstByTime === undefined,
      text: capacityText(capacity, prices, context.colors),
      json: { ...capacity, prices },
    }
  },
}

function readDisk(text: unknown): number | undefined {
  if (text === undefined) return undefined
  const bytes = readQuantity(String(text))
  if (bytes !== undefined && bytes > 0) return bytes
  throw new UsageError(`--disk=${JSON.stringify(text)} must be a size such as 20Gi`)
}

function writePatch(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new CannotTell(`The patch cannot be written: ${(error as Error).message}`, file)
  }
}
