import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { DatabaseFails, explainFailure } from './failure.ts'
import { SCHEMA } from './schema.ts'

type Row = Record<string, string | number | null>

/**
 * One SQLite file. What a method has written is on the disk when it returns, so that it survives a kill at any moment. Each method
 * throws DatabaseFails when the file cannot be used.
 */
export interface Store {
  path: string
  all<T = Row>(sql: string, ...values: SQLInputValue[]): T[]
  get<T = Row>(sql: string, ...values: SQLInputValue[]): T | undefined
  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastId: number }
  /** All of what `work` writes, or nothing. It must not wait for anything. */
  transaction<T>(work: () => T): T
  close(): void
}

/** Another process may be writing. */
const BUSY_TIMEOUT_MS = 5000

/** A statement that is prepared for each use keeps its memory until the next garbage collection. */
const KEPT_STATEMENTS = 200

/**
 * @param mustExist a file that is missing or empty is not made
 * @throws {DatabaseFails} when the file cannot be opened, or is no database of this program
 */
export function openStore(path: string, { mustExist = false } = {}): Store {
  const database = explainFailure(path, () => open(path, mustExist))
  const statements = new Map<string, StatementSync>()
  let depth = 0

  function prepared(sql: string): StatementSync {
    const kept = statements.get(sql)
    if (kept) return kept
    if (statements.size >= KEPT_STATEMENTS) statements.clear()
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  function execute(sql: string): void {
    explainFailure(path, () => database.exec(sql))
  }

  function transaction<T>(work: () => T): T {
    if (depth > 0) return work()
    execute('BEGIN IMMEDIATE')
    depth += 1
    try {
      const result = work()
      execute('COMMIT')
      return result
    } catch (error) {
      // a full disk has rolled back by itself
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    } finally {
      depth -= 1
    }
  }

  return {
    path,
    all: <T>(sql: string, ...values: SQLInputValue[]) =>
      explainFailure(path, () => prepared(sql).all(...values) as T[]),
    get: <T>(sql: string, ...values: SQLInputValue[]) =>
      explainFailure(path, () => prepared(sql).get(...values) as T | undefined),
    run(sql, ...values) {
      const { changes, lastInsertRowid } = explainFailure(path, () => prepared(sql).run(...values))
      return { changes: Number(changes), lastId: Number(lastInsertRowid) }
    },
    transaction,
    close: () => database.close(),
  }
}

function open(path: string, mustExist: boolean): DatabaseSync {
  if (!mustExist) makeDirectory(path)
  const file = pathToFileURL(path)
  file.searchParams.set('mode', mustExist ? 'rw' : 'rwc')
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    const version = versionOf(database)
    if (version > SCHEMA.length)
      throw new DatabaseFails('a newer version of this program has written it', path, { mustReopen: true })
    if (mustExist && version === 0)
      throw new DatabaseFails('this program has not made it', path, { mustReopen: true })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    // not more than a read, when nothing is to do: another process may be writing
    if (version < SCHEMA.length) applySchema(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw new DatabaseFails((error as Error).message, path, { mustReopen: true })
  }
}

function applySchema(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  // once more: another process may have done it meanwhile
  for (const statements of SCHEMA.slice(versionOf(database))) database.exec(statements)
  database.exec(`PRAGMA user_version = ${SCHEMA.length}; COMMIT`)
}

function versionOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}
