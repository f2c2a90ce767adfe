import type { Log } from '@quickticket/kit/log'
import pg from 'pg'

/** An index that CONCURRENTLY left behind when it was interrupted: kept up to date, and used by no query. */
export interface InvalidIndex {
  name: string
  definition: string
  /** false: it was on its way out, and only DROP may touch it */
  live: boolean
}

const LEFT_BY_REINDEX = /_cc(new|old)\d*$/

/** Those that are not being built right now. */
export async function findInvalidIndexes(client: pg.Client): Promise<InvalidIndex[]> {
  const { rows } = await client.query<InvalidIndex>(
    `SELECT relname AS name, pg_get_indexdef(indexrelid) AS definition, indislive AS live
     FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE NOT indisvalid AND relnamespace = 'public'::regnamespace AND relkind = 'i'
       AND indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)
     ORDER BY relname`,
  )
  return rows
}

/** Builds them again under the same name. Like the first build it blocks no statement, and waits for running transactions. */
export async function repairInvalidIndexes(client: pg.Client, log: Log): Promise<string[]> {
  const invalid = await findInvalidIndexes(client)
  if (invalid.length === 0) return []
  await client.query('SET lock_timeout = 0')
  for (const index of invalid) {
    const startedAt = performance.now()
    await repair(client, index)
    const durationMs = Math.round(performance.now() - startedAt)
    log.warn({ index: index.name, durationMs }, `${index.name} was INVALID, repaired in ${durationMs} ms`)
  }
  return invalid.map(({ name }) => name)
}

async function repair(client: pg.Client, { name, definition, live }: InvalidIndex): Promise<void> {
  const quoted = pg.escapeIdentifier(name)
  if (live && !LEFT_BY_REINDEX.test(name)) {
    await client.query(`REINDEX INDEX CONCURRENTLY ${quoted}`)
    return
  }
  await client.query(`DROP INDEX CONCURRENTLY ${quoted}`)
  if (LEFT_BY_REINDEX.test(name)) return
  await client.query(definition.replace(/^CREATE (UNIQUE )?INDEX/, 'CREATE $1INDEX CONCURRENTLY'))
}
