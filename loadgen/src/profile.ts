import { InvalidArgument, readDuration, readRate } from './arguments.ts'

/** Some seconds in which the rate goes from one value to another, in arrivals per second. */
export interface Segment {
  from: number
  to: number
  seconds: number
}

export type Profile = Segment[]

const SHAPE = 'ramp:5..500/60s, steps:50,100,200/20s or 100/60s, several joined by +'

export function constant(rps: number, seconds: number): Profile {
  return [{ from: rps, to: rps, seconds }]
}

/** @throws {InvalidArgument} */
export function parseProfile(text: string): Profile {
  return text.split('+').flatMap((part) => {
    const [, kind, rates = '', duration = ''] = /^(?:(ramp|steps):)?([\d.,]+)\/(.+)$/.exec(part) ?? []
    if (!rates) throw new InvalidArgument(`--profile is "${text}"; it has to look like ${SHAPE}`)
    const seconds = readDuration('the time in --profile', duration)
    if (kind === 'ramp') {
      const [from, to, more] = rates.split('..')
      if (!from || !to || more !== undefined)
        throw new InvalidArgument(`--profile has "${part}"; a ramp looks like ramp:5..500/60s`)
      return [{ from: rate(from), to: rate(to), seconds }]
    }
    const steps = rates.split(',')
    if (kind !== 'steps' && steps.length > 1)
      throw new InvalidArgument(`--profile has "${part}"; steps look like steps:50,100,200/20s`)
    return steps.flatMap((step) => constant(rate(step), seconds))
  })
}

export function secondsOf(profile: Profile): number {
  return profile.reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Arrivals per second that are asked for at a moment. */
export function rateAt(profile: Profile, second: number): number {
  let left = second
  for (const { from, to, seconds } of profile) {
    if (left < seconds) return from + ((to - from) * left) / seconds
    left -= seconds
  }
  return profile.at(-1)?.to ?? 0
}

/** When each arrival is due, in milliseconds after the start: as many as the rate adds up to. */
export function* dueTimes(profile: Profile): Generator<number> {
  let startedS = 0
  let before = 0
  for (const { from, to, seconds } of profile) {
    const count = ((from + to) / 2) * seconds
    // a sum of fractions may miss a whole number by a little
    for (let number = Math.ceil(before - 1e-9); number < before + count - 1e-9; number += 1) {
      const nth = Math.max(number - before, 0)
      const slope = (to - from) / seconds
      // of from·t + slope·t²/2 = nth, in the form that also holds without a slope
      const t = nth === 0 ? 0 : (2 * nth) / (from + Math.sqrt(from * from + 2 * slope * nth))
      yield (startedS + t) * 1000
    }
    before += count
    startedS += seconds
  }
}

function rate(text: string): number {
  return readRate('a rate in --profile', text)
}
