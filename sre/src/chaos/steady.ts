import type { Context } from '../context.ts'
import { alertProbe } from './detect.ts'
import type { Experiment } from './experiment.ts'
import type { Measured, Run } from './journal.ts'
import { measureAll, pause } from './measure.ts'

/** How often in a row afterwards: a system that flaps has not recovered. */
const STEADY_AFTER = 2

/**
 * Measures after the rollback until everything is steady, and the expected alert has had its time; at most as long as the experiment
 * allows. Puts the time into the run.
 */
export async function awaitSteady(
  context: Context,
  { hypothesis, settings }: Experiment,
  run: Run,
  found: (round: Measured[]) => void,
): Promise<void> {
  const { data } = run
  const { detection, intervalMs, recoveryMs } = settings
  const alert = detection ? [alertProbe(detection)] : []
  const recoveryEnds = (data.rollbackAt ?? context.now()) + recoveryMs
  const detectionEnds = (data.injectedAt ?? 0) + (detection?.withinMs ?? 0)
  const isDetecting = () =>
    detection !== undefined && data.detectedAt === undefined && context.now() < detectionEnds
  let since: number | undefined
  let rounds = 0
  for (;;) {
    const begun = context.now()
    const round = await measureAll(context, [...hypothesis.probes, ...alert], 'after')
    found(round)
    const steady = hypothesis.probes.every(
      ({ name }) => round.find(({ probe }) => probe === name)?.ok === true,
    )
    if (!steady) rounds = 0
    else {
      if (rounds === 0) since = begun
      rounds += 1
      if (rounds >= STEADY_AFTER && since !== undefined && since <= recoveryEnds) data.steadyAt ??= since
    }
    const isRecovering =
      data.steadyAt === undefined && (rounds > 0 || context.now() + intervalMs <= recoveryEnds)
    if (!isRecovering && !isDetecting()) return
    await pause(intervalMs - (context.now() - begun))
  }
}
