import type { Context } from '../../context.ts'
import { objectAt, oneOfAt } from '../../fields.ts'
import { CannotTell } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import { execIn, hasExec } from '../targets/exec.ts'
import { postgresClient } from '../targets/postgres.ts'
import { endWatchdog, newLease, startWatchdog } from '../watchdog/watchdog.ts'

/** Nothing else refers to their names at the start of a service. */
const TABLES = ['orders', 'checkouts', 'outbox', 'events'] as const

type Table = (typeof TABLES)[number]

interface Data {
  lease: string
  table: Table
}

const KIND = 'table'
/** Buyers are locked out no longer than this while it waits for them. */
const LOCK_TIMEOUT = 'lock_timeout=2000'

/** A table under another name, as after a failed migration. Its rows are not touched. */
export const table: Injection<{ table: Table }, Data> = {
  kind: KIND,
  describe: ({ table: name }) => `table ${name} renamed to ${awayName(name)}`,
  read: (provider, path) => ({
    table: oneOfAt(objectAt(provider, path, ['table']).table, `${path}.table`, TABLES),
  }),
  async prepare(context, { table: name }) {
    const found = await run(context, `SELECT to_regclass('public.${name}')::text`)
    if (found !== name) throw new CannotTell(`The database has no table ${name}`, 'PostgreSQL')
    return { lease: newLease(), table: name }
  },
  async inject(context, data, { expiresAt }) {
    await startWatchdog(context, data.lease, { kind: KIND, data, expiresAt })
    await run(context, `ALTER TABLE ${data.table} RENAME TO ${awayName(data.table)}`)
  },
  async rollback(context, data) {
    // a second one finds nothing to rename
    await run(context, `ALTER TABLE IF EXISTS ${awayName(data.table)} RENAME TO ${data.table}`)
    endWatchdog(context, data.lease)
  },
}

function awayName(name: Table): string {
  return `${name}_away_for_chaos`
}

async function run(context: Context, statement: string): Promise<string | undefined> {
  if (hasExec(context)) {
    const psql = 'psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -AtXq -c "$1"'
    const command = ['env', `PGOPTIONS=-c ${LOCK_TIMEOUT}`, 'sh', '-c', psql, 'sh', statement]
    return (await execIn(context, 'postgres', command)).trim()
  }
  const client = postgresClient(context, [LOCK_TIMEOUT])
  try {
    await client.connect()
    const { rows } = await client.query<[string | null]>({ text: statement, rowMode: 'array' })
    return rows[0]?.[0] ?? undefined
  } catch (error) {
    throw new CannotTell(`PostgreSQL: ${(error as Error).message}`, statement)
  } finally {
    void client.end().catch(() => undefined)
  }
}
