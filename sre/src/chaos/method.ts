import type { Context } from '../context.ts'
import type { AskGate } from './ask-gate.ts'
import { alertProbe } from './detect.ts'
import type { Experiment } from './experiment.ts'
import { injectAll, type Prepared } from './inject.ts'
import type { Measured, Phase, Run } from './journal.ts'
import { pause } from './measure.ts'
import { record, say } from './record.ts'
import { createAbortLimits, watch } from './watch.ts'

/** Why the method ended before its time. */
interface Stopped {
  reason: string
  /** the system passed an abort limit */
  limitPassed: boolean
  /** an injection, or something else, failed */
  error?: Error
}

interface Method {
  /** never rejects: whatever happened, it is time to roll back */
  ended: Promise<Stopped | undefined>
  /** when the last measurement has come in */
  watched: Promise<void>
}

interface Work {
  run: Run
  prepared: Prepared[]
  signal: AbortSignal
  askGate: AskGate
}

/** Injects, and measures during that; ends when the time is over, at an abort limit, or when the signal says so. */
export function actAndWatch(
  context: Context,
  experiment: Experiment,
  { run, prepared, signal, askGate }: Work,
): Method {
  const { settings, hypothesis, probes, abort } = experiment
  const alert = settings.detection ? [alertProbe(settings.detection)] : []
  const stop = new AbortController()
  const stopSignal = AbortSignal.any([signal, stop.signal])
  const over = new AbortController()
  const passedLimit = createAbortLimits(abort)
  let phase: Phase = 'changing'
  let limitPassed = false

  function found(round: Measured[]): void {
    record(context, run, round)
    const reason = stopSignal.aborted ? undefined : passedLimit(round)
    if (reason === undefined) return
    limitPassed = true
    stop.abort(reason)
  }

  async function act(): Promise<Stopped | undefined> {
    try {
      const { durationMs, graceMs } = settings
      await injectAll(context, { run, prepared, lastsMs: durationMs + graceMs }, stopSignal)
      const until = context.now() + durationMs
      await pause(settings.settleMs, stopSignal)
      phase = 'during'
      await pause(until - context.now(), stopSignal)
      return stopSignal.aborted ? { reason: reasonOf(stopSignal), limitPassed } : undefined
    } catch (error) {
      return { reason: (error as Error).message, limitPassed, error: error as Error }
    } finally {
      phase = 'changing'
      over.abort()
    }
  }

  const endSignal = AbortSignal.any([over.signal, stopSignal])
  const watched = watch(
    context,
    {
      probes: [...hypothesis.probes, ...probes, ...abort, ...alert],
      intervalMs: settings.intervalMs,
      phase: () => phase,
      found,
    },
    endSignal,
    // such as a full disk: what cannot be measured or written down must not go on
  ).catch((error: Error) => stop.abort(`measuring failed: ${error.message}`))
  void watchGate(context, { services: settings.gate, askGate }, endSignal, (reason) => stop.abort(reason))
  return { ended: act(), watched }
}

const GATE_INTERVAL_MS = 15_000

async function watchGate(
  context: Context,
  { services, askGate }: { services: string[]; askGate: AskGate },
  signal: AbortSignal,
  refuse: (reason: string) => void,
): Promise<void> {
  if (services.length === 0) return
  for (;;) {
    await pause(GATE_INTERVAL_MS, signal)
    if (signal.aborted) return
    try {
      const reason = await askGate(context, services, { during: true })
      if (reason !== undefined) return refuse(`the error budget does not allow it any more: ${reason}`)
    } catch (error) {
      say(context, `the gate could not be asked: ${(error as Error).message}`)
    }
  }
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason)
}
