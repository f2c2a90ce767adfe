import { postgresProblem } from '@quickticket/kit/postgres-problem'
import { inClientSpan } from '@quickticket/kit/tracing/current'
import type pg from 'pg'

export interface Statement {
  /** of the prepared statement, and of its span */
  name: string
  text: string
}

export type Query = <Row extends pg.QueryResultRow>(
  statement: Statement,
  values?: unknown[],
) => Promise<Row[]>

/** Asks PostgreSQL for rows; what it refuses is a problem for the client. */
export function createQuery(postgres: pg.Pool): Query {
  const { host = '', port = 5432, database = '' } = postgres.options
  const server = { 'server.address': host, 'server.port': port, 'db.namespace': database }

  return async <Row extends pg.QueryResultRow>(statement: Statement, values?: unknown[]) => {
    try {
      const { name, text } = statement
      const attributes = { ...SYSTEM, ...server, 'db.query.summary': name, 'db.query.text': text }
      const query = () => postgres.query<Row>({ ...statement, ...(values && { values }) })
      return (await inClientSpan(name, attributes, query, sqlState)).rows
    } catch (error) {
      throw postgresProblem(error)
    }
  }
}

const SYSTEM = { 'db.system.name': 'postgresql' }

function sqlState(error: unknown) {
  const { code } = error as { code?: string }
  return code === undefined ? {} : { 'db.response.status_code': code }
}
