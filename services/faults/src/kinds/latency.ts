import type { FaultKind } from '../effect.ts'
import type { Random } from '../random.ts'
import { failAt, quoted, split, splitOnce, type TextSpan } from '../text-span.ts'
import { readDuration } from '../units.ts'

type Distribution = (random: Random) => number

const FORMS = '200ms, 200ms..2s, normal(200ms,50ms) or p50=5ms,p99=2s'

/** The request waits before it is handled. */
export const latency = {
  name: 'latency',
  example: `latency=DURATION: ${FORMS}`,
  read: (argument) => ({ stage: 'delay', sampleMs: readDistribution(argument) }),
} as const satisfies FaultKind

/** A duration, a range, a normal distribution or a list of percentiles. */
function readDistribution(span: TextSpan): Distribution {
  if (span.text.startsWith('normal')) return normal(span)
  if (span.text.includes('=')) return percentiles(span)
  const [shortest, longest] = splitOnce(span, '..')
  if (!/^[\d.]/.test(span.text)) failAt(span, `${quoted(span)} is no latency: ${FORMS}`)
  if (longest === undefined) return always(readDuration(span))
  return uniform(readDuration(shortest), readDuration(longest), longest)
}

function always(ms: number): Distribution {
  return () => ms
}

function uniform(fromMs: number, toMs: number, longest: TextSpan): Distribution {
  if (toMs < fromMs) failAt(longest, `a range goes up: ${longest.text} is below its beginning`)
  return (random) => fromMs + random() * (toMs - fromMs)
}

function normal(span: TextSpan): Distribution {
  const inside = /^normal\(([^()]*)\)$/.exec(span.text)
  if (!inside)
    failAt(span, `${quoted(span)} is not normal(MEAN,SD) without blanks, such as normal(200ms,50ms)`)
  const opening = 'normal('.length
  const [mean, deviation, ...more] = split(
    { ...span, text: span.text.slice(opening, -1), start: span.start + opening },
    ',',
  )
  if (!mean || !deviation || more.length > 0)
    failAt(
      span,
      `${quoted(span)} needs two durations, the mean and the standard deviation: normal(200ms,50ms)`,
    )
  const [meanMs, deviationMs] = [readDuration(mean), readDuration(deviation)]
  return (random) => Math.max(0, meanMs + deviationMs * standardNormal(random))
}

/** The Box–Muller transform: two uniform numbers become one with a normal distribution. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

interface Percentile {
  share: number
  ms: number
}

function percentiles(span: TextSpan): Distribution {
  const points: Percentile[] = []
  for (const entry of split(span, ',')) {
    const point = readPercentile(entry)
    const last = points.at(-1)
    if (last && (point.share <= last.share || point.ms < last.ms))
      failAt(entry, 'percentiles and their durations go up, such as p50=5ms,p99=2s')
    points.push(point)
  }
  return (random) => interpolate(points, random())
}

function readPercentile(entry: TextSpan): Percentile {
  const [name, duration] = splitOnce(entry, '=')
  const number = /^p(\d+(?:\.\d+)?)$/.exec(name.text)?.[1]
  if (number === undefined || Number(number) > 100 || !duration)
    failAt(entry, `${quoted(entry)} is no percentile: p0 to p100, = and a duration, such as p99=2s`)
  const ms = readDuration(duration)
  // interpolation between percentiles is logarithmic, and 0 has no logarithm
  if (ms === 0) failAt(duration, 'a percentile is above 0ms')
  return { share: Number(number) / 100, ms }
}

/** Logarithmic between two percentiles, constant below the first and above the last. */
function interpolate(points: Percentile[], share: number): number {
  const next = points.findIndex((point) => point.share > share)
  if (next === -1) return (points.at(-1) as Percentile).ms
  const above = points[next] as Percentile
  const below = points[next - 1]
  if (!below) return above.ms
  return below.ms * (above.ms / below.ms) ** ((share - below.share) / (above.share - below.share))
}
