import { coalesce } from '@quickticket/kit/coalesce'
import { type CheckResult, SHARED_CHECK_MS } from '@quickticket/kit/health'
import { createPing } from '@quickticket/kit/postgres'
import { READ_ONLY } from '@quickticket/kit/postgres-problem'
import type pg from 'pg'
import { isSchemaError, READS_NOTHING, readSchema } from './schema.ts'

export interface DatabaseCheck {
  result: CheckResult
  /** what is wrong and what helps, when it is not ok */
  reason?: string
  /** it is not ok, and yet events can be listed */
  isReadable?: boolean
}

const TIMEOUT_MS = 1000
const EVERY = { everyMs: SHARED_CHECK_MS }
// locks no row, and is refused where rows could not be changed
const ASKS = `SELECT WHERE EXISTS (${READS_NOTHING}) OR EXISTS (SELECT FROM events WHERE false FOR KEY SHARE)`

/** Says whether GET /events could be answered now, and a checkout be made. Callers at the same time share one question. */
export function createDatabaseCheck(postgres: pg.Pool): () => Promise<DatabaseCheck> {
  const ask = createPing(postgres, ASKS)

  const check = coalesce(async (): Promise<DatabaseCheck> => {
    try {
      await ask()
      return { result: 'ok' }
    } catch (error) {
      if (isSchemaError(error)) return { result: 'degraded', reason: await whatIsMissing() }
      const { code = '' } = error as { code?: string }
      if (code === READ_ONLY) {
        return {
          result: 'degraded',
          reason: 'PostgreSQL is read-only: payments are refused',
          isReadable: true,
        }
      }
      if (code.startsWith('42')) {
        return { result: 'degraded', reason: `PostgreSQL refuses to read the tables (SQLSTATE ${code})` }
      }
      return { result: 'down', reason: 'PostgreSQL does not answer' }
    }
  }, EVERY)

  async function whatIsMissing(): Promise<string> {
    const { empty, migrated, hasCourseTables, missing, pending } = await readSchema(postgres)
    if (empty) return 'The database has no tables: run "npm run migrate -- up --seed", or restore a backup'
    if (!migrated && hasCourseTables)
      return 'No migration has seen this database: run "npm run migrate -- up"'
    const lacks = `The database lacks ${missing.join(', ')}`
    return pending.length > 0 ? `${lacks}: run "npm run migrate -- up"` : `${lacks}: restore a backup`
  }

  return async () => {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<DatabaseCheck>((resolve) => {
      const reason = `PostgreSQL does not answer within ${TIMEOUT_MS} ms`
      timer = setTimeout(resolve, TIMEOUT_MS, { result: 'down', reason })
    })
    try {
      return await Promise.race([check(undefined), tooLate])
    } catch {
      // health is public: the reason must not hold a message of PostgreSQL
      return { result: 'down', reason: 'PostgreSQL does not answer' }
    } finally {
      clearTimeout(timer)
    }
  }
}
