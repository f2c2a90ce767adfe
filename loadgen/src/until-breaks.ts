import { MOST_RPS } from './arguments.ts'
import { type LoadOptions, type Shape, sendLoad } from './load.ts'
import { constant } from './profile.ts'
import type { Summary } from './summary.ts'
import type { Users } from './users.ts'

export interface Level {
  /** arrivals per second, or users */
  level: number
  summary: Summary
  /** why it counts as broken; undefined when it held */
  broken: string | undefined
}

export interface Search {
  unit: 'rps' | 'users'
  levels: Level[]
  /** the highest level that held, and the lowest that did not */
  knee: Level | undefined
  beyond: Level | undefined
  /** the level that ended the search because its events were sold out: what comes after it says nothing of a knee */
  soldOut: Level | undefined
  /** of the step that Ctrl-C ended */
  unfinished: Summary | undefined
}

export interface SearchOptions extends Omit<LoadOptions, 'shape'> {
  from: number
  stepSeconds: number
  users: Users | undefined
  /** called before each step */
  beforeStep(): Promise<void>
  onLevel(level: Level): void
}

/** Where lab 10.2 says that a system has broken. */
const MOST_BROKEN = 0.005
const MOST_P99_MS = 500
/** More sold-out answers than this, and it is not sales that are measured. */
const MOST_SOLD_OUT = 0.01
const GROWTH = 1.5
/** Halvings of the gap between the level that held and the one that did not. */
const REFINEMENTS = 2

/** Raises the load until it is too much, then looks for the knee more closely. */
export async function loadUntilBreaks(options: SearchOptions): Promise<Search> {
  const { from, users, signal, beforeStep, onLevel } = options
  const levels: Level[] = []
  const most = users ? MOST_USERS : MOST_RPS
  let knee: Level | undefined
  let beyond: Level | undefined
  let soldOut: Level | undefined
  let unfinished: Summary | undefined

  const goesOn = () => !soldOut && !signal.aborted
  for (let level = from; !beyond && level <= most && goesOn(); level = Math.ceil(level * GROWTH))
    await attempt(level)
  for (let halving = 0; halving < REFINEMENTS && knee && beyond && goesOn(); halving += 1) {
    const middle = Math.round((knee.level + beyond.level) / 2)
    if (middle <= knee.level || middle >= beyond.level) break
    await attempt(middle)
  }
  return { unit: users ? 'users' : 'rps', levels, knee, beyond, soldOut, unfinished }

  async function attempt(level: number): Promise<void> {
    await beforeStep()
    const summary = await sendLoad({ ...options, shape: shapeOf(level, options) })
    if (signal.aborted) {
      unfinished = summary
      return
    }
    const found = { level, summary, broken: whyBroken(summary) }
    levels.push(found)
    if (summary.soldOutShare > MOST_SOLD_OUT) soldOut = found
    else if (found.broken) beyond = found
    else knee = found
    onLevel(found)
  }
}

const MOST_USERS = 20_000

function shapeOf(level: number, { stepSeconds, users }: SearchOptions): Shape {
  if (!users) return { profile: constant(level, stepSeconds) }
  return { users: { ...users, count: level, spawnRate: level }, seconds: stepSeconds }
}

function whyBroken({ all }: Summary): string | undefined {
  if (all.count === 0) return 'nothing was answered'
  if (all.brokenRate > MOST_BROKEN) return `${(all.brokenRate * 100).toFixed(1)} % 5xx or lost`
  return all.p99Ms > MOST_P99_MS ? `p99 ${all.p99Ms.toFixed(0)} ms` : undefined
}
