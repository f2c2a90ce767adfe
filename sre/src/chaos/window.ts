import { UsageError } from '../verb.ts'

/** The hours of the week in which experiments may run, in UTC. */
export interface Window {
  /** 0 is Sunday */
  days: number[]
  fromMinute: number
  toMinute: number
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Reads `Mon-Fri 10:00-16:00`, or `Sat,Sun 22:00-02:00`, which ends on the next day. @throws {UsageError} */
export function readWindow(text: string): Window {
  const [, days = '', from = '', to = ''] = /^(\S+) (\d\d:\d\d)-(\d\d:\d\d)$/.exec(text.trim()) ?? []
  const window = { days: readDays(days), fromMinute: readMinute(from), toMinute: readMinute(to) }
  if (window.days.length > 0 && window.fromMinute >= 0 && window.toMinute >= 0) return window
  throw new UsageError(
    `--window ${JSON.stringify(text)} is no window; allowed: days and hours in UTC, such as "Mon-Fri 10:00-16:00"`,
  )
}

export function isWithinWindow({ days, fromMinute, toMinute }: Window, at: number): boolean {
  const date = new Date(at)
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes()
  const day = date.getUTCDay()
  if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute
  // over midnight
  return (days.includes(day) && minute >= fromMinute) || (days.includes((day + 6) % 7) && minute < toMinute)
}

/** When it opens next; now when it is open. @returns milliseconds since 1970 */
export function nextOpening(window: Window, at: number): number {
  if (isWithinWindow(window, at)) return at
  const midnight = Math.floor(at / DAY_MS) * DAY_MS
  const openings = Array.from(
    { length: 8 },
    (_, day) => midnight + day * DAY_MS + window.fromMinute * MINUTE_MS,
  )
  return openings.find((opening) => opening > at && isWithinWindow(window, opening)) ?? at
}

function readDays(text: string): number[] {
  const parts = text.split(',').map((part) => part.split('-').map((day) => DAYS.indexOf(day)))
  const isRight = parts.every((part) => part.length <= 2 && part.every((day) => day >= 0))
  if (!isRight) return []
  return parts.flatMap(([first = 0, last = first]) =>
    Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7),
  )
}

/** @returns minutes since midnight; -1 when it is no time */
function readMinute(text: string): number {
  const [hours = NaN, minutes = NaN] = text.split(':').map(Number)
  return hours <= 24 && minutes < 60 && hours * 60 + minutes <= 1440 ? hours * 60 + minutes : -1
}
