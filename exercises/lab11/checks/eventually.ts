const PATIENCE_MS = 1000
/** so that a machine that is busy with something else is not taken for a service that does nothing */
const PATIENCE_TURNS = 1000

/** Waits until something is so that depends on a socket and not on the clock of a check. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = process.hrtime.bigint() + BigInt(PATIENCE_MS) * 1_000_000n
  for (let turns = 0; !(await isSo()); turns++) {
    if (turns > PATIENCE_TURNS && process.hrtime.bigint() > endsAt) throw new Error(`${what}: not seen`)
    await new Promise(setImmediate)
  }
}
