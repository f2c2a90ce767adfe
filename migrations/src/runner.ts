import { readFile } from 'node:fs/promises'
import type { Log } from '@quickticket/kit/log'
import { type RunnerOption, runner } from 'node-pg-migrate'
import type pg from 'pg'
import { CHANGES, type Change, readChanges } from './changes.ts'
import { HISTORY_TABLE, openHistory, recordChanges, writeChecksum } from './history.ts'
import { repairInvalidIndexes } from './invalid-indexes.ts'
import { LOCK_RETRY, type LockRetry, withLockRetry } from './lock-retry.ts'
import { withMigrationLock } from './migration-lock.ts'

const SEED = new URL('../seed.sql', import.meta.url)

export interface Options extends Partial<LockRetry> {
  /** where the changes are, by default migrations/changes */
  directory?: string
  /** how many changes up makes at most, by default all */
  count?: number
  /** the only changes that up may make, by name */
  only?: string[]
}

interface Run {
  client: pg.Client
  log: Log
  directory: string
  changes: Change[]
  lockRetry: LockRetry
  only: string[] | undefined
}

/** Applies every change that the database does not have yet, and returns their names. */
export async function migrateUp(client: pg.Client, log: Log, options: Options = {}): Promise<string[]> {
  const run = await prepare(client, log, options)
  return withMigrationLock(client, log, async () => {
    await openHistory(client, run.changes)
    await repairInvalidIndexes(client, log)
    return steps(run, 'up', options.count ?? Number.POSITIVE_INFINITY)
  })
}

/** Takes the last `count` changes back, and returns their names. */
export async function migrateDown(
  client: pg.Client,
  log: Log,
  count = 1,
  options: Options = {},
): Promise<string[]> {
  const run = await prepare(client, log, options)
  return withMigrationLock(client, log, async () => {
    await openHistory(client, run.changes)
    return steps(run, 'down', count)
  })
}

/** Takes the last change back and makes it again, and returns its name. */
export async function redo(client: pg.Client, log: Log, options: Options = {}): Promise<string[]> {
  const run = await prepare(client, log, options)
  return withMigrationLock(client, log, async () => {
    await openHistory(client, run.changes)
    const taken = await steps(run, 'down', 1)
    await repairInvalidIndexes(client, log)
    await steps(run, 'up', taken.length)
    return taken
  })
}

/**
 * Records the changes up to this one as applied, as their files are now, without running any of them: for a database
 * that has their tables already.
 *
 * @throws {UnknownChange}
 */
export async function baseline(
  client: pg.Client,
  log: Log,
  upTo?: string,
  options: Options = {},
): Promise<string[]> {
  const { changes } = await prepare(client, log, options)
  const last = upTo === undefined ? 0 : changes.findIndex(({ name }) => name === upTo)
  if (last === -1) throw new UnknownChange(upTo as string, changes)
  const recorded = changes.slice(0, last + 1)
  return withMigrationLock(client, log, async () => {
    await openHistory(client, [])
    await recordChanges(client, recorded)
    return recorded.map(({ name }) => name)
  })
}

export class UnknownChange extends Error {
  constructor(name: string, changes: Change[]) {
    super(`there is no change ${name}; there are ${changes.map((change) => change.name).join(', ')}`)
  }
}

/** Adds the course's events where they are missing. */
export async function seed(client: pg.Client): Promise<void> {
  await client.query(await readFile(SEED, 'utf8'))
}

async function prepare(client: pg.Client, log: Log, options: Options): Promise<Run> {
  const { directory = CHANGES, count: _, only, ...lockRetry } = options
  const changes = await readChanges(directory)
  return { client, log, directory, changes, only, lockRetry: { ...LOCK_RETRY, ...lockRetry } }
}

/** One change after the other, each in a transaction of its own where it can be, and timed. */
async function steps(run: Run, direction: 'up' | 'down', count: number): Promise<string[]> {
  const done: string[] = []
  while (done.length < count) {
    const startedAt = performance.now()
    const name = await step(run, direction)
    if (!name) break
    const durationMs = Math.round(performance.now() - startedAt)
    run.log.info({ change: name, durationMs }, `${direction} ${name}: ${durationMs} ms`)
    done.push(name)
  }
  return done
}

async function step(run: Run, direction: 'up' | 'down'): Promise<string | undefined> {
  const { client, log, changes, lockRetry } = run
  const next = await nextChange(run, direction)
  if (!next) return undefined
  const change = changes.find(({ name }) => name === next)
  if (!change) throw new UnknownChange(next, changes)
  await withLockRetry(client, log, `${direction} ${next}`, lockRetry, () =>
    runner({ ...runnerOptions(run), direction, count: 1, ...(direction === 'up' && { file: next }) }),
  )
  if (direction === 'up') await writeChecksum(client, change)
  return next
}

async function nextChange(
  { client, changes, only }: Run,
  direction: 'up' | 'down',
): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${HISTORY_TABLE} ORDER BY id`)
  const applied = rows.map(({ name }) => name)
  if (direction === 'down') return applied.at(-1)
  return changes.find(({ name }) => !applied.includes(name) && (only?.includes(name) ?? true))?.name
}

function runnerOptions({
  client,
  log,
  directory,
}: Run): Omit<RunnerOption, 'direction' | 'databaseUrl'> & { dbClient: pg.Client } {
  const quiet = () => undefined
  return {
    dbClient: client,
    dir: directory,
    migrationsTable: HISTORY_TABLE,
    // a change that the service needs may come before those that a database has already
    checkOrder: false,
    noLock: true,
    // it calls every change without a transaction a reason to worry, and repeats every error that it throws
    logger: { debug: quiet, info: quiet, warn: quiet, error: (message) => log.debug(message) },
  }
}
