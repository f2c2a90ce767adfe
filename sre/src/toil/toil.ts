import type { Store } from '../store/store.ts'
import { UsageError } from '../verb.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const WEEK_MS = 7 * DAY_MS
const MONTH_MS = 30 * DAY_MS
const MAX_MINUTES = 24 * 60

/**
 * At most half of an engineer's time.
 *
 * @see https://sre.google/sre-book/eliminating-toil/
 */
export const TOIL_LIMIT = 0.5

export interface NewToil {
  task: string
  minutes: number
  author: string
  automatable: boolean
}

/** @throws {UsageError} */
export function addToil(store: Store, { task, minutes, author, automatable }: NewToil, now: number): void {
  if (task.trim() === '') throw new UsageError('the task is missing')
  if (!(minutes > 0 && minutes <= MAX_MINUTES)) {
    throw new UsageError(`--minutes must be above 0 and at most ${MAX_MINUTES}`)
  }
  store.run(
    'INSERT INTO toil (at, task, minutes, author, data) VALUES (?, ?, ?, ?, ?)',
    now,
    task.trim(),
    minutes,
    author,
    JSON.stringify({ automatable }),
  )
}

export interface ToilTask {
  task: string
  count: number
  minutes: number
  /** of all toil of the window */
  share: number
  automatable: boolean
  /** at the rate of the window, 30 days */
  minutesPerMonth: number
  /** written down by a person, or measured: a runbook that was run by hand */
  source: 'written' | 'measured'
}

export interface ToilReport {
  fromMs: number
  toMs: number
  /** what took most at the top */
  tasks: ToilTask[]
  minutes: number
  people: number
  hoursPerWeek: number
  /** of the working time of these people */
  share: number
  overLimit: boolean
  /** what to automate first, by what it saves */
  automateFirst: ToilTask[]
}

export interface ToilOptions {
  windowMs: number
  /** by default as many as wrote toil down in the window, at least one */
  people?: number | undefined
  hoursPerWeek: number
}

/** The toil of a window against the working time of the people who do it. */
export function reportToil(
  store: Store,
  { windowMs, people, hoursPerWeek }: ToilOptions,
  now: number,
): ToilReport {
  const fromMs = now - windowMs
  const written = store.all<ToilRow>(
    'SELECT task, minutes, author, data FROM toil WHERE at > ? AND at <= ?',
    fromMs,
    now,
  )
  const runs = store.all<RunRow>(
    `SELECT name, started_at, ended_at FROM runbook_runs
     WHERE mode = 'by hand' AND ended_at IS NOT NULL AND started_at > ? AND started_at <= ?`,
    fromMs,
    now,
  )
  const entries: Entry[] = [
    ...written.map(({ task, minutes, data }) => ({
      task,
      minutes,
      automatable: (JSON.parse(data ?? '{}') as { automatable?: boolean }).automatable === true,
      source: 'written' as const,
    })),
    // its steps are commands already
    ...runs.map(({ name, started_at, ended_at }) => ({
      task: `runbook ${name}`,
      minutes: (ended_at - started_at) / MINUTE_MS,
      automatable: true,
      source: 'measured' as const,
    })),
  ]
  const minutes = entries.reduce((sum, entry) => sum + entry.minutes, 0)
  const tasks = groupByTask(entries).map((task) => ({
    ...task,
    share: minutes > 0 ? task.minutes / minutes : 0,
    minutesPerMonth: task.minutes * (MONTH_MS / windowMs),
  }))
  const working = people ?? Math.max(new Set(written.map(({ author }) => author)).size, 1)
  const share = minutes / (working * hoursPerWeek * 60 * (windowMs / WEEK_MS))
  return {
    fromMs,
    toMs: now,
    tasks,
    minutes,
    people: working,
    hoursPerWeek,
    share,
    overLimit: share > TOIL_LIMIT,
    automateFirst: tasks.filter(({ automatable }) => automatable).slice(0, 3),
  }
}

function groupByTask(entries: Entry[]): Omit<ToilTask, 'share' | 'minutesPerMonth'>[] {
  const groups = new Map<string, Omit<ToilTask, 'share' | 'minutesPerMonth'>>()
  for (const { task, minutes, automatable, source } of entries) {
    const key = task.toLowerCase()
    const group = groups.get(key) ?? { task, count: 0, minutes: 0, automatable: false, source }
    groups.set(key, {
      ...group,
      count: group.count + 1,
      minutes: group.minutes + minutes,
      automatable: group.automatable || automatable,
    })
  }
  return [...groups.values()].sort((a, b) => b.minutes - a.minutes)
}

interface Entry {
  task: string
  minutes: number
  automatable: boolean
  source: ToilTask['source']
}

interface ToilRow {
  task: string
  minutes: number
  author: string
  data: string | null
}

interface RunRow {
  name: string
  started_at: number
  ended_at: number
}
