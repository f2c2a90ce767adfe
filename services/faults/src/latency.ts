import { fail, halve, type Piece, split } from './piece.ts'
import { quoted, readDuration } from './quantities.ts'
import type { Random } from './random.ts'

type Distribution = (random: Random) => number

export const LATENCY_FORMS = '200ms, 200ms..2s, normal(200ms,50ms) or p50=5ms,p99=2s'

/** How long a delay is: a duration, a range, a normal distribution or a list of percentiles. */
export function readLatency(piece: Piece): Distribution {
  if (piece.text.startsWith('normal')) return normal(piece)
  if (piece.text.includes('=')) return percentiles(piece)
  const [shortest, longest] = halve(piece, '..')
  if (!/^[\d.]/.test(piece.text)) fail(piece, `${quoted(piece)} is no latency: ${LATENCY_FORMS}`)
  if (longest === undefined) return always(readDuration(piece))
  return uniform(readDuration(shortest), readDuration(longest), longest)
}

function always(ms: number): Distribution {
  return () => ms
}

function uniform(fromMs: number, toMs: number, longest: Piece): Distribution {
  if (toMs < fromMs) fail(longest, `a range goes up: ${longest.text} is below its beginning`)
  return (random) => fromMs + random() * (toMs - fromMs)
}

function normal(piece: Piece): Distribution {
  const inside = /^normal\(([^()]*)\)$/.exec(piece.text)
  if (!inside)
    fail(piece, `${quoted(piece)} is not normal(MEAN,SD) without blanks, such as normal(200ms,50ms)`)
  const start = 'normal('.length
  const [mean, deviation, ...more] = split(
    { ...piece, text: piece.text.slice(start, -1), at: piece.at + start },
    ',',
  )
  if (!mean || !deviation || more.length > 0)
    fail(
      piece,
      `${quoted(piece)} needs two durations, the mean and the standard deviation: normal(200ms,50ms)`,
    )
  const [meanMs, deviationMs] = [readDuration(mean), readDuration(deviation)]
  return (random) => Math.max(0, meanMs + deviationMs * standardNormal(random))
}

/** Box and Muller: a point in the unit square becomes a normal deviate. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

interface Percentile {
  share: number
  ms: number
}

function percentiles(piece: Piece): Distribution {
  const points: Percentile[] = []
  for (const entry of split(piece, ',')) {
    const point = readPercentile(entry)
    const last = points.at(-1)
    if (last && (point.share <= last.share || point.ms < last.ms))
      fail(entry, 'percentiles and their durations go up, such as p50=5ms,p99=2s')
    points.push(point)
  }
  return (random) => interpolate(points, random())
}

function readPercentile(entry: Piece): Percentile {
  const [name, duration] = halve(entry, '=')
  const number = /^p(\d+(?:\.\d+)?)$/.exec(name.text)?.[1]
  if (number === undefined || Number(number) > 100 || !duration)
    fail(entry, `${quoted(entry)} is no percentile: p0 to p100, = and a duration, such as p99=2s`)
  const ms = readDuration(duration)
  // between two percentiles the logarithm grows evenly, and 0 has none
  if (ms === 0) fail(duration, 'a percentile is above 0ms')
  return { share: Number(number) / 100, ms }
}

/** Below the first percentile all are as short as it, above the last all are as long. */
function interpolate(points: Percentile[], share: number): number {
  const next = points.findIndex((point) => point.share > share)
  if (next === -1) return (points.at(-1) as Percentile).ms
  const above = points[next] as Percentile
  const below = points[next - 1]
  if (!below) return above.ms
  return below.ms * (above.ms / below.ms) ** ((share - below.share) / (above.share - below.share))
}
