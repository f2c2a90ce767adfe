import { Problem, unavailable } from './problem.ts'

/** The problem that a client sees for a failed query. It holds nothing of the server's message. */
export function postgresProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { code = '', message = '' } = error as { code?: string; message?: string }
  if (message.startsWith('timeout exceeded when trying to connect')) {
    return unavailable('database_busy', 'The database did not answer in time', error)
  }
  if (RETRYABLE.test(code)) return unavailable('database_busy', 'The database is busy, try again', error)
  // a code that is no SQLSTATE comes from the network or from TLS
  if (code.length !== 5 || /^[A-Z]+$/.test(code) || DOWN.test(code)) {
    return unavailable('database_unavailable', 'The database is not available', error)
  }
  return new Problem(500, 'database_error', 'The database could not answer', { cause: error })
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
export const READ_ONLY = '25006'
const RETRYABLE = /^(40...|55P03|57014)$/
const DOWN = /^(08...|25006|28...|3D000|53...|57P0.|58...)$/
