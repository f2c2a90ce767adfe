import type { Context } from '../../context.ts'
import { objectAt, textAt } from '../../fields.ts'
import { CannotTell, UsageError } from '../../verb.ts'
import type { Measurement, Probe } from '../probe.ts'
import { postgresClient } from '../targets/postgres.ts'
import { findWorkload, kubectl } from '../targets/workload.ts'

const TIMEOUT_MS = 5000
const NO_ANSWER = 'no answer'
/** classes of SQLSTATE: no connection, out of resources, shut down */
const UNAVAILABLE = /^(08|53|57)/

/** The first column of the first row of one statement, in a transaction that can only read. */
export const sql: Probe<{ query: string }> = {
  kind: 'sql',
  describe: ({ query }) => query,
  read(provider, path) {
    const query = textAt(objectAt(provider, path, ['query']).query, `${path}.query`).trim()
    if (!/^(select|with|values|show|table)\b/i.test(query) || query.includes(';')) {
      throw new UsageError(
        `${path}.query must be one statement that reads, such as SELECT, without a semicolon`,
      )
    }
    return { query }
  },
  measure: (context, { query }) => (context.system === 'cluster' ? inPod(query) : overTcp(context, query)),
}

async function overTcp(context: Context, query: string): Promise<Measurement> {
  const client = postgresClient(context, ['default_transaction_read_only=on'])
  try {
    await client.connect()
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' })
    return measured(rows[0]?.[0])
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    // without a code, or with one of the operating system, it is no answer of the database
    if (code === undefined || !/^\w{5}$/.test(code) || UNAVAILABLE.test(code)) return NO_ANSWER
    throw new CannotTell(`PostgreSQL: ${message}`, query)
  } finally {
    // a server that hangs does not say goodbye
    void client.end().catch(() => undefined)
  }
}

async function inPod(query: string): Promise<Measurement> {
  const { name } = await findWorkload('postgres')
  const options = `PGOPTIONS=-c default_transaction_read_only=on -c statement_timeout=${TIMEOUT_MS}`
  const psql = 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -AtX -c "$1"'
  try {
    const output = await kubectl('exec', name, '--', 'env', options, 'sh', '-c', psql, 'sh', query)
    const [line = ''] = output.split('\n')
    return measured(line.split('|')[0])
  } catch (error) {
    if (error instanceof CannotTell && /ERROR:/.test(error.message)) throw error
    return NO_ANSWER
  }
}

/** PostgreSQL sends counts and sums as text. */
function measured(value: unknown): Measurement {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'boolean' || typeof value === 'number') return value
  const text = String(value)
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}
