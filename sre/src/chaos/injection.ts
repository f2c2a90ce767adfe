import type { Context } from '../context.ts'

/**
 * Something that an action of an experiment does to the system, and how it is undone. Each is a file in injections/ and stands in
 * injections/all.ts.
 *
 * The runner calls `prepare` once, writes its result into the journal, and only then calls `inject`. `rollback` may be called by
 * another process, with nothing but that journal, and more than once.
 */
export interface Injection<Args = unknown, Data = unknown> {
  /** `provider.type` of the action, such as `faults` or `stop` */
  kind: string
  /** one line for people: what it does to what, such as `stop payments` */
  describe(args: Args): string
  /**
   * Reads the other keys of the action's `provider`. Strict: a key that it does not know is an error.
   *
   * @param path where it stands, such as `method[0].provider`; for the message
   * @throws {UsageError} one line: path, what is wrong, what is allowed
   */
  read(provider: Record<string, unknown>, path: string): Args
  /**
   * Finds the targets and keeps what a rollback needs, such as the container's id and the rules before. Changes nothing.
   *
   * @returns plain JSON
   * @throws {CannotTell} when there is no target
   */
  prepare(context: Context, args: Args): Promise<Data>
  /**
   * Changes the system. The change ends by itself at `expiresAt` even if this process is killed at any moment: by `for=` of a fault,
   * or by a detached process that is started before the change and restores afterwards.
   *
   * @param expiresAt milliseconds since 1970
   */
  inject(context: Context, data: Data, limits: { expiresAt: number }): Promise<void>
  /** Puts back what was before. Safe to repeat, also when nothing was injected, or after it has ended by itself. */
  rollback(context: Context, data: Data): Promise<void>
}
