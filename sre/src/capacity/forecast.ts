import { type Fit, fitLine, type Interval, predict, slopeOf } from './fit.ts'
import type { Reading } from './history.ts'
import { type Crossing, findCrossing } from './reach.ts'

export type Unit = 'requests/s' | 'cores' | 'bytes' | 'connections'

/** Something that is used, and may run out. */
export interface Resource {
  name: string
  unit: Unit
  limit: number | undefined
  /** where the limit stands, or why there is none */
  limitFrom: string
  readings: Reading[]
}

export interface Forecast extends Omit<Resource, 'readings'> {
  now: number | undefined
  peak: number | undefined
  n: number
  historyMs: number
  /** undefined with too little history, which `timeNote` says */
  againstTime: TimeForecast | undefined
  timeNote: string
  /** undefined where the load says nothing of it, which `loadNote` says */
  againstLoad: LoadForecast | undefined
  loadNote: string
}

export interface TimeForecast {
  fit: Fit
  perDay: Interval
  trend: 'rising' | 'falling' | 'none'
  /** how far it looks ahead */
  aheadMs: number
  /** at the end of that */
  then: Interval
  /** milliseconds since 1970 */
  reached: Crossing
}

export interface LoadForecast {
  fit: Fit
  perRequest: Interval
  /** requests per second at which the limit is reached, with the replicas that run */
  reached: Crossing
}

const DAY_MS = 86_400_000
export const FEWEST_POINTS = 10
/** A line is drawn at most so many times as far ahead as it was seen. */
const MOST_AHEAD = 10
/** A load that varies less says nothing of what it costs. */
const LEAST_SPREAD = 1.5
/** Peaks of a queue, such as the connections in use, rise in steps and late: a line through them says little of a limit far away. */
const LEAST_R2 = 0.5
/** How far beyond the highest load a limit is looked for. */
const MOST_LOAD = 1000

export function forecast(
  resource: Resource,
  { load, now, horizonMs }: { load: Reading[] | undefined; now: number; horizonMs: number },
): Forecast {
  const { readings, ...rest } = resource
  const values = readings.map(({ value }) => value)
  return {
    ...rest,
    now: values.at(-1),
    peak: values.length > 0 ? Math.max(...values) : undefined,
    n: values.length,
    historyMs: (readings.at(-1)?.at ?? 0) - (readings[0]?.at ?? 0),
    ...againstTime(resource, now, horizonMs),
    ...(load ? againstLoad(resource, load) : { againstLoad: undefined, loadNote: '' }),
  }
}

function againstTime(
  { readings, limit }: Resource,
  now: number,
  horizonMs: number,
): Pick<Forecast, 'againstTime' | 'timeNote'> {
  const fit = fitLine(readings.map(({ at, value }) => ({ x: (at - now) / DAY_MS, y: value })))
  if (!fit || fit.n < FEWEST_POINTS) {
    return { againstTime: undefined, timeNote: `too little history: ${fewText(readings.length)}` }
  }
  const aheadMs = Math.min(horizonMs, MOST_AHEAD * (fit.toX - fit.fromX) * DAY_MS)
  const perDay = slopeOf(fit)
  const trend = perDay.low > 0 ? 'rising' : perDay.high < 0 ? 'falling' : 'none'
  const then = predict(fit, aheadMs / DAY_MS)
  return {
    againstTime: { fit, perDay, trend, aheadMs, then, reached: reachedWithin(aheadMs) },
    timeNote: '',
  }

  function reachedWithin(aheadMs: number): Crossing {
    if (!fit || limit === undefined) return NEVER
    const at = (x: number | undefined) => (x === undefined ? undefined : now + x * DAY_MS)
    const found = findCrossing(fit, limit, { from: 0, to: aheadMs / DAY_MS })
    // a slope that may as well be 0 reaches nothing; the interval says what is not excluded
    const expected = trend === 'none' && found.at !== 0 ? undefined : found.at
    return { at: at(expected), earliest: at(found.earliest), latest: at(found.latest) }
  }
}

function againstLoad(
  { readings, limit }: Resource,
  load: Reading[],
): Pick<Forecast, 'againstLoad' | 'loadNote'> {
  const loadAt = new Map(load.map(({ at, value }) => [at, value]))
  const points = readings.flatMap(({ at, value }) => {
    const x = loadAt.get(at)
    return x === undefined ? [] : [{ x, y: value }]
  })
  const fit = fitLine(points)
  const none = (loadNote: string) => ({ againstLoad: undefined, loadNote })
  if (!fit || fit.n < FEWEST_POINTS) return none(`too little history: ${fewText(points.length)}`)
  if (fit.toX < LEAST_SPREAD * fit.fromX) {
    return none(`the load was too even: ${fit.fromX.toFixed(1)} to ${fit.toX.toFixed(1)} requests/s`)
  }
  const perRequest = slopeOf(fit)
  if (!(perRequest.low > 0)) return none('no rise with the load')
  if (fit.r2 < LEAST_R2) return none('a rise with the load that no line follows (R² below 0.5)')
  const reached = limit === undefined ? NEVER : findCrossing(fit, limit, { from: 0, to: MOST_LOAD * fit.toX })
  return { againstLoad: { fit, perRequest, reached }, loadNote: '' }
}

const NEVER: Crossing = { at: undefined, earliest: undefined, latest: undefined }

function fewText(n: number): string {
  return `${n} ${n === 1 ? 'sample' : 'samples'}, a line needs ${FEWEST_POINTS}`
}
