import type { ParseArgsConfig } from 'node:util'
import type { Context } from './context.ts'

export interface Answer {
  /** false: the answer is no, and the exit code is 1 */
  ok: boolean
  /** the answer could not be found out, and is shown as far as it could: the exit code is 2 */
  unknown?: boolean
  /** for a terminal */
  text: string
  /** for `--json` */
  json: unknown
}

export interface Arguments {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>
  positionals: string[]
}

/** One command of `npm run sre --`. */
export interface Verb {
  /** what `--help` prints, without the options that all verbs have */
  usage: string
  /** as `parseArgs` of node:util takes them */
  options: NonNullable<ParseArgsConfig['options']>
  /**
   * @throws {UsageError} for arguments that are wrong
   * @throws {CannotTell} when the answer cannot be found out
   */
  run(context: Context, given: Arguments): Promise<Answer>
}

/** Arguments that are wrong: one line that says what is allowed. Exit code 2. */
export class UsageError extends Error {}

/** The answer could not be found out. Exit code 2. */
export class CannotTell extends Error {
  readonly lookedAt: string

  /**
   * @param missing what is missing, one sentence without its period
   * @param lookedAt where it was looked for: a URL, a file, a query
   */
  constructor(missing: string, lookedAt: string) {
    super(`${missing} (looked at ${lookedAt})`)
    this.lookedAt = lookedAt
  }
}
