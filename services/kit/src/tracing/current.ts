import { AsyncLocalStorage } from 'node:async_hooks'
import type { Attributes } from '@opentelemetry/api'
import type { Trace } from '../trace.ts'

/** Only set while tracing is on: code that has no request at hand finds the span to which its work belongs. */
const current = new AsyncLocalStorage<Trace>()

export function currentTrace(): Trace | undefined {
  return current.getStore()
}

/** Makes `trace` the current one of `work` and of everything that it starts. */
export function withTrace<T>(trace: Trace, work: () => T): T {
  return current.run(trace, work)
}

/** Adds an event to the current span, if there is one. */
export function addEvent(name: string, attributes?: Attributes): void {
  current.getStore()?.span?.event(name, attributes)
}

/**
 * Runs `work` in a client span below the current one. Without a current span that is sampled, only `work` is done.
 *
 * @param failure the attributes of an error that `work` threw; its message may hold values, so only its type is kept by default
 */
export async function inClientSpan<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  failure: (error: unknown) => Attributes = () => ({}),
): Promise<T> {
  const parent = current.getStore()?.span
  if (!parent?.isRecording()) return work()
  const span = parent.start(name, 'client', attributes)
  try {
    return await work()
  } catch (error) {
    span.set(failure(error))
    span.fail(error instanceof Error ? error.name : 'Error')
    throw error
  } finally {
    span.end()
  }
}
