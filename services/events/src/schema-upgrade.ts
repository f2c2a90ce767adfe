import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'
import type { Config } from './config.ts'
import { isSchemaError, readSchema, type Schema } from './schema.ts'

export interface SchemaUpgradeOptions {
  postgres: pg.Pool
  mode: Config['MIGRATE_ON_START']
  /** Applies the migrations that the database lacks: these, by default all. Replicas that call it at a time wait for each other. */
  migrate(only?: string[]): Promise<void>
  log: Log
}

const PAUSE_MS = 500
const PAUSE_AFTER_FAILURE_MS = 10_000

/**
 * Brings a database up to date that no migration has seen, as the course's seed.sql makes it: at the start, and whenever a
 * statement finds that a table or column is missing. At the start it also fills an empty database, and finishes what was
 * interrupted. Later an empty database may be one that a backup is about to be restored to, and a missing table one that a
 * person has taken back.
 */
export function createSchemaUpgrade({ postgres, mode, migrate, log }: SchemaUpgradeOptions) {
  const stopping = new AbortController()
  let isRunning = false
  let wasUsable = false
  let isDue = mode === 'true'

  async function untilUsable(): Promise<void> {
    for (;;) {
      // without PostgreSQL it tries again: the readiness check and the routes report the outage
      const schema = await readSchema(postgres).catch(() => undefined)
      let pauseMs = PAUSE_MS
      if (schema && (isDue || mayMigrate(schema))) pauseMs = await upgrade(schema)
      else if (schema?.missing.length === 0) break
      await delay(pauseMs, undefined, { signal: stopping.signal })
    }
    wasUsable = true
    log.debug('the database has every table')
  }

  function mayMigrate({ empty, migrated, hasCourseTables, pending }: Schema): boolean {
    return hasCourseTables ? !migrated || (pending.length > 0 && !wasUsable) : empty && !wasUsable
  }

  /** How long to wait then, in milliseconds. */
  async function upgrade({ missing, pending }: Schema): Promise<number> {
    log.info({ missing }, 'migrating the database')
    // until it succeeds, whatever it has done by then
    isDue = true
    try {
      // `auto` applies what the service needs; the lab on migrations applies the rest
      await migrate(mode === 'true' ? undefined : pending)
      isDue = false
      return PAUSE_MS
    } catch (error) {
      log.error({ err: error }, 'the database was not migrated')
      return PAUSE_AFTER_FAILURE_MS
    }
  }

  function begin(): void {
    if (isRunning || stopping.signal.aborted) return
    isRunning = true
    untilUsable()
      // rejects only when it was stopped
      .catch(() => undefined)
      .finally(() => {
        isRunning = false
      })
  }

  const onRelease = (error: Error | boolean | undefined) => isSchemaError(error) && begin()

  return {
    start(): void {
      if (mode === 'false') return
      postgres.on('release', onRelease)
      begin()
    },
    stop(): void {
      stopping.abort()
      postgres.off('release', onRelease)
    },
  }
}
