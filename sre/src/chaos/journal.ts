import type { System } from '../context.ts'
import type { Store } from '../store/store.ts'
import type { Experiment, PlannedProbe } from './experiment.ts'
import type { Detection } from './settings.ts'
import type { Tolerance } from './tolerance.ts'

export type Outcome = 'held' | 'broken' | 'refused' | 'aborted' | 'interrupted' | 'unknown'

/** `changing`: between the first injection and the time that is judged. */
export type Phase = 'before' | 'changing' | 'during' | 'after'

export interface Measured {
  probe: string
  phase: Phase
  /** milliseconds since 1970, when measuring began */
  at: number
  /** null: there was none */
  value: number | string | boolean | null
  /** null: there is no tolerance, or it could not be told */
  ok: boolean | null
  /** why there is no value */
  error?: string
}

export interface WrittenProbe {
  name: string
  /** what is measured: a query, a URL */
  what: string
  tolerance: Tolerance | null
}

/** The column `data`: what was planned, and what was found. */
export interface RunData {
  system: System
  title: string
  description: string
  tags: string[]
  hypothesis: WrittenProbe[]
  actions: { name: string; what: string }[]
  probes: WrittenProbe[]
  abort: WrittenProbe[]
  strategy: 'continuously' | 'default'
  recoveryMs: number
  detection: Detection | null
  measured: Measured[]
  /** the first injection */
  injectedAt?: number
  rollbackAt?: number
  rolledBackAt?: number
  /** everything was steady again */
  steadyAt?: number
  detectedAt?: number
  /** why the outcome is what it is, one line each */
  reasons: string[]
}

/** One row of `experiments`. */
export interface Run {
  id: number
  name: string
  file: string
  hypothesis: string
  stampedAt: number
  startedAt: number | undefined
  endedAt: number | undefined
  /** undefined: it runs, or was killed and is not recovered yet */
  outcome: Outcome | undefined
  score: number | undefined
  data: RunData
}

/** Writes hypothesis and plan down, before anything is injected. */
export function stampRun(store: Store, experiment: Experiment, system: System, now: number): Run {
  const { name, file, settings } = experiment
  const data: RunData = {
    system,
    title: experiment.title,
    description: experiment.description,
    tags: experiment.tags,
    hypothesis: experiment.hypothesis.probes.map(writtenProbe),
    actions: experiment.actions.map(({ name, injection, args }) => ({
      name,
      what: injection.describe(args),
    })),
    probes: experiment.probes.map(writtenProbe),
    abort: experiment.abort.map(writtenProbe),
    strategy: settings.strategy,
    recoveryMs: settings.recoveryMs,
    detection: settings.detection ?? null,
    measured: [],
    reasons: [],
  }
  const { lastId } = store.run(
    'INSERT INTO experiments (name, file, hypothesis, stamped_at, data) VALUES (?, ?, ?, ?, ?)',
    name,
    file,
    experiment.hypothesis.title,
    now,
    JSON.stringify(data),
  )
  return {
    id: lastId,
    name,
    file,
    hypothesis: experiment.hypothesis.title,
    stampedAt: now,
    startedAt: undefined,
    endedAt: undefined,
    outcome: undefined,
    score: undefined,
    data,
  }
}

/** Writes what has been found so far. */
export function saveRun(store: Store, { id, startedAt, endedAt, outcome, score, data }: Run): void {
  store.run(
    'UPDATE experiments SET started_at = ?, ended_at = ?, outcome = ?, score = ?, data = ? WHERE id = ?',
    startedAt ?? null,
    endedAt ?? null,
    outcome ?? null,
    score ?? null,
    JSON.stringify(data),
    id,
  )
}

/** The runs, the latest first; of one experiment with `name`. */
export function readRuns(
  store: Store,
  { name, limit = 1000 }: { name?: string; limit?: number } = {},
): Run[] {
  return store
    .all<RunRow>(
      'SELECT * FROM experiments WHERE ?1 IS NULL OR name = ?1 ORDER BY id DESC LIMIT ?2',
      name ?? null,
      limit,
    )
    .map(runOf)
}

/** The latest run of each experiment on a system, without what it measured. */
export function latestRuns(store: Store, system: System): Omit<Run, 'data'>[] {
  return store
    .all<Omit<RunRow, 'data'>>(
      `SELECT id, name, file, hypothesis, stamped_at, started_at, ended_at, outcome, score FROM experiments
       WHERE id IN (SELECT max(id) FROM experiments WHERE json_extract(data, '$.system') = ? GROUP BY name)`,
      system,
    )
    .map(figuresOf)
}

export function readRun(store: Store, id: number): Run | undefined {
  const row = store.get<RunRow>('SELECT * FROM experiments WHERE id = ?', id)
  return row && runOf(row)
}

function writtenProbe({ name, probe, args, tolerance }: PlannedProbe): WrittenProbe {
  return { name, what: probe.describe(args), tolerance: tolerance ?? null }
}

interface RunRow {
  id: number
  name: string
  file: string
  hypothesis: string
  stamped_at: number
  started_at: number | null
  ended_at: number | null
  outcome: Outcome | null
  score: number | null
  data: string
}

function runOf(row: RunRow): Run {
  return { ...figuresOf(row), data: JSON.parse(row.data) as RunData }
}

function figuresOf(row: Omit<RunRow, 'data'>): Omit<Run, 'data'> {
  return {
    id: row.id,
    name: row.name,
    file: row.file,
    hypothesis: row.hypothesis,
    stampedAt: row.stamped_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    outcome: row.outcome ?? undefined,
    score: row.score ?? undefined,
  }
}
