import { postgresProblem } from '@quickticket/kit/postgres-problem'
import type pg from 'pg'

export type Query = <Row extends pg.QueryResultRow>(
  statement: pg.QueryConfig,
  values?: unknown[],
) => Promise<Row[]>

/** Asks PostgreSQL for rows; what it refuses is a problem for the client. */
export function createQuery(postgres: pg.Pool): Query {
  return async <Row extends pg.QueryResultRow>(statement: pg.QueryConfig, values?: unknown[]) => {
    try {
      return (await postgres.query<Row>({ ...statement, ...(values && { values }) })).rows
    } catch (error) {
      throw postgresProblem(error)
    }
  }
}
