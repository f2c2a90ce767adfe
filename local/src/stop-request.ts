import type { Environment } from './options.ts'
import { onParentGone } from './parent-watch.ts'

export type StopRequest = {
  /** fulfilled with the reason */
  requested: Promise<string>
  request(reason: string): void
}

/** npm passes on the Ctrl-C that its script has got from the terminal anyway. */
const SAME_KEYSTROKE_MS = 1000

/** Signals, and the end of the npm that has started this; being asked once more by a signal calls `hurry` and exits. */
export function awaitStopRequest(environment: Environment, hurry: () => Promise<void>): StopRequest {
  const { promise: requested, resolve } = Promise.withResolvers<string>()
  let firstAt: number | undefined

  function request(reason: string) {
    firstAt ??= performance.now()
    resolve(reason)
  }

  function onSignal(signal: NodeJS.Signals) {
    if (firstAt !== undefined && performance.now() - firstAt > SAME_KEYSTROKE_MS) {
      void hurry().finally(() => process.exit(0))
    }
    request(signal)
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  if (environment.npm_lifecycle_event) onParentGone(() => request('the end of npm'))
  return { requested, request }
}
