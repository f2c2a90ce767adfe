import type { Context } from '../context.ts'

/** What a probe found. undefined: the source answers and has no data. */
export type Measurement = number | string | boolean | undefined

/** How a figure of the system is measured. Each is a file in probes/ and stands in probes/all.ts. */
export interface Probe<Args = unknown> {
  /** `provider.type` of the probe: `prometheus`, `http`, `sql` */
  kind: string
  /** one line for people: the query, or the method and URL */
  describe(args: Args): string
  /**
   * Reads the other keys of the probe's `provider`. Strict: a key that it does not know is an error.
   *
   * @param path where it stands, such as `steady-state-hypothesis.probes[0].provider`; for the message
   * @throws {UsageError} one line: path, what is wrong, what is allowed
   */
  read(provider: Record<string, unknown>, path: string): Args
  /**
   * Measures once, within its own time limit. That the measured system does not answer is a value, such as status 0.
   *
   * @throws {CannotTell} when measuring itself is not possible, such as without Prometheus
   */
  measure(context: Context, args: Args): Promise<Measurement>
}
