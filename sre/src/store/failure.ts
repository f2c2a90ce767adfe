import { CannotTell } from '../verb.ts'

/** A database that cannot be read or written at this time. */
export class DatabaseFails extends CannotTell {
  /** whether it must be opened again, as after damage; a disk that is full can still be read */
  readonly mustReopen: boolean

  constructor(reason: string, path: string, { mustReopen }: { mustReopen: boolean }) {
    super(`The database cannot be used: ${reason}`, path)
    this.mustReopen = mustReopen
  }
}

/** Primary result codes. @see https://www.sqlite.org/rescode.html */
const [ERROR, BUSY, LOCKED, CORRUPT, FULL, CONSTRAINT, MISMATCH, MISUSE, RANGE, NOTADB] = [
  1, 5, 6, 11, 13, 19, 20, 21, 25, 26,
]
const STATEMENT_IS_WRONG = [ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE]
const IOERR_WRITE = 778

/** Runs a use of the database. @throws {DatabaseFails} when the database fails; errors of the program stay as they are */
export function explainFailure<T>(path: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw failureOf(error, path) ?? error
  }
}

function failureOf(error: unknown, path: string): DatabaseFails | undefined {
  const { code, errcode = 0, message } = error as { code?: string; errcode?: number; message: string }
  const primary = errcode & 0xff
  if (code !== 'ERR_SQLITE_ERROR' || STATEMENT_IS_WRONG.includes(primary)) return undefined
  if (primary === BUSY || primary === LOCKED)
    return new DatabaseFails('another process is writing; try again', path, { mustReopen: false })
  if (primary === CORRUPT || primary === NOTADB)
    return new DatabaseFails(
      `${message}; put a backup in its place, or move it away and start again: a new one is made`,
      path,
      { mustReopen: true },
    )
  const isOnlyFull = primary === FULL || errcode === IOERR_WRITE
  return new DatabaseFails(message, path, { mustReopen: !isOnlyFull })
}
