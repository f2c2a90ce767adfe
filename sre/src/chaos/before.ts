import type { Context } from '../context.ts'
import { CannotTell } from '../verb.ts'
import type { AskGate } from './ask-gate.ts'
import { alertProbe } from './detect.ts'
import type { Experiment, PlannedProbe } from './experiment.ts'
import { type Measured, type Run, saveRun } from './journal.ts'
import { measureAll, pause } from './measure.ts'
import { say } from './record.ts'
import { toleranceText } from './tolerance.ts'

/** How often everything must be steady before the injection. */
const ROUNDS = 3

/**
 * Whether the experiment may begin: the steady state holds, no abort limit is passed, the expected alert does not fire yet, and the
 * error budgets allow it.
 *
 * @returns why it may not
 * @throws {CannotTell} when one of the probes cannot be measured
 */
export async function checkBefore(
  context: Context,
  { hypothesis, abort, settings }: Experiment,
  { run, signal, askGate }: { run: Run; signal: AbortSignal; askGate: AskGate },
): Promise<string | undefined> {
  const { detection, gate, intervalMs } = settings
  const probes = [...hypothesis.probes, ...abort, ...(detection ? [alertProbe(detection)] : [])]
  run.startedAt = context.now()
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (round > 1) await pause(intervalMs, signal)
    if (signal.aborted) return String(signal.reason)
    const measured = await measureAll(context, probes, 'before')
    run.data.measured.push(...measured)
    saveRun(context.store, run)
    const unsteady = measured.find(({ ok }) => ok === false)
    if (unsteady) return `not steady before: ${describeUnsteady(unsteady, probes)}`
    const blind = measured.find(({ ok }) => ok === null)
    if (blind) {
      throw new CannotTell(`${blind.probe} cannot be measured: ${blind.error}`, whatOf(probes, blind))
    }
  }
  say(
    context,
    `steady before: ${ROUNDS} times, ${probes.length === 1 ? 'one probe' : `${probes.length} probes`}`,
  )
  const refused = gate.length > 0 ? await askGate(context, gate) : undefined
  if (signal.aborted) return String(signal.reason)
  return refused && `the error budget does not allow it: ${refused}`
}

function describeUnsteady({ probe, value }: Measured, probes: PlannedProbe[]): string {
  const tolerance = probes.find(({ name }) => name === probe)?.tolerance
  return `${probe} is ${value}${tolerance ? `, allowed ${toleranceText(tolerance)}` : ''}`
}

function whatOf(probes: PlannedProbe[], { probe }: Measured): string {
  const planned = probes.find(({ name }) => name === probe)
  return planned ? planned.probe.describe(planned.args) : probe
}
