import type { Context } from '../context.ts'
import { CannotTell } from '../verb.ts'
import { databaseSamples, sampleDatabase } from './database-sample.ts'
import { adviseDisk, type DiskAdvice } from './disk.ts'
import { predict } from './fit.ts'
import { type Forecast, forecast, type Resource } from './forecast.ts'
import { type History, readHistory } from './history.ts'
import { type Knee, latestKnee } from './knee.ts'
import type { Prices } from './prices.ts'
import { databaseResources, systemResources } from './resources.ts'
import { type Advice, adviseSizes } from './right-size.ts'

export interface CapacityOptions {
  horizonMs: number
  windowMs: number
  prices: Prices
  /** bytes that the database may use; undefined: what k8s/base gives it */
  diskBytes?: number | undefined
}

export interface Capacity {
  now: number
  historyMs: number
  windowMs: number
  horizonMs: number
  /** how far it looks ahead */
  aheadMs: number
  load: Forecast
  resources: Forecast[]
  knee: Knee | undefined
  /** the load that reaches a limit first, from the fits; the measured knee is apart */
  firstByLoad:
    | { name: string; at: number; earliest: number | undefined; latest: number | undefined }
    | undefined
  /** what is reached first as time goes, within the horizon; from a day of history on, or reached now */
  firstByTime: Forecast | undefined
  /** the same from less history, which a warm-up or an hour of the day may have made */
  perhapsByTime: Forecast | undefined
  advice: Advice[]
  /** undefined: the database was never asked for its size */
  disk: DiskAdvice | undefined
  /** database samples so far; 0 and a reason when it could not be asked */
  samples: number
  databaseNote: string
  replicas: Record<string, number>
}

/** Less than this does not say that a limit will be reached. */
export const ENOUGH_HISTORY_MS = 0.95 * 86_400_000

/** @throws {CannotTell} when Prometheus has seen nothing of the gateway */
export async function computeCapacity(context: Context, options: CapacityOptions): Promise<Capacity> {
  const { prometheus, store } = context
  const { horizonMs, windowMs, prices } = options
  const now = context.now()
  const databaseNote = await sampleDatabase(context).then(
    () => '',
    (error: Error) => {
      if (error instanceof CannotTell) return error.message
      throw error
    },
  )
  const history = await readHistory(prometheus, { windowMs, now })
  const samples = databaseSamples(store, now - windowMs)
  const knee = latestKnee(store)

  const resources = [
    ...systemResources(history).map((one) => forecast(one, { load: history.load, now, horizonMs })),
    ...databaseResources(samples, options.diskBytes).map((one) =>
      forecast(one, { load: undefined, now, horizonMs }),
    ),
  ]
  const firstByLoad = lowestLoad(resources)
  const load = forecast(loadResource(history, knee, firstByLoad), { load: undefined, now, horizonMs })
  const advice = await adviseSizes(prometheus, {
    windowMs: now - history.fromMs,
    stepMs: history.stepMs,
    now,
    coresNeeded: coresNeeded(resources, load, history),
    prices,
  })
  return {
    now,
    historyMs: now - history.fromMs,
    windowMs,
    horizonMs,
    aheadMs: load.againstTime?.aheadMs ?? 0,
    load,
    resources,
    knee,
    firstByLoad,
    firstByTime: soonest([load, ...resources].filter((one) => isLongEnough(one, now))),
    perhapsByTime: soonest([load, ...resources].filter((one) => !isLongEnough(one, now))),
    advice,
    disk: adviseDisk(
      resources.find(({ name }) => name === 'database size'),
      prices,
    ),
    samples: samples.length,
    databaseNote,
    replicas: Object.fromEntries(history.replicas),
  }
}

function loadResource(
  { load }: History,
  knee: Knee | undefined,
  firstByLoad: Capacity['firstByLoad'],
): Resource {
  return {
    name: 'load',
    unit: 'requests/s',
    limit: knee?.requestsPerSecond ?? firstByLoad?.at,
    limitFrom: knee
      ? 'the measured knee'
      : firstByLoad
        ? `the fit of ${firstByLoad.name}`
        : 'no knee was measured',
    readings: load,
  }
}

function lowestLoad(resources: Forecast[]): Capacity['firstByLoad'] {
  const [first] = resources
    .flatMap(({ name, againstLoad }) =>
      againstLoad?.reached.at === undefined
        ? []
        : [{ name, ...againstLoad.reached, at: againstLoad.reached.at }],
    )
    .sort((a, b) => a.at - b.at)
  return first
}

function isLongEnough({ historyMs, againstTime }: Forecast, now: number): boolean {
  const at = againstTime?.reached.at
  return historyMs >= ENOUGH_HISTORY_MS || (at !== undefined && at <= now)
}

function soonest(forecasts: Forecast[]): Forecast | undefined {
  const timeOf = ({ againstTime }: Forecast) => againstTime?.reached.at ?? Infinity
  const [first] = forecasts.toSorted((a, b) => timeOf(a) - timeOf(b))
  return first && timeOf(first) < Infinity ? first : undefined
}

/** The peak that was seen, or what a load that grows as it has costs at the end of the forecast. */
function coresNeeded(resources: Forecast[], load: Forecast, { replicas }: History): Map<string, number> {
  const growing = load.againstTime?.trend === 'rising' ? load.againstTime.then.value : undefined
  return new Map(
    resources
      .filter(({ unit }) => unit === 'cores')
      .map(({ name, peak = 0, againstLoad }) => {
        const service = name.replace(/ CPU$/, '')
        const later = growing !== undefined && againstLoad ? predict(againstLoad.fit, growing).value : 0
        return [service, Math.max(peak, later) * (replicas.get(service) ?? 1)]
      }),
  )
}
