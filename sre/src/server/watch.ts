import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import { catchUp } from '../alerts/catch-up.ts'
import type { Received } from '../alerts/receive.ts'
import type { Context } from '../context.ts'
import type { IncidentRules } from '../incident/rules.ts'
import { CannotTell } from '../verb.ts'

export interface WatchOptions {
  everyMs: number
  rules: IncidentRules
  log: Log
  onReceived(received: Received): void
  /** called after each look */
  afterLook(): Promise<void>
}

/** Looks for alerts that did not arrive, now and then again and again. @returns ends it */
export function watchAlerts(
  context: Context,
  { everyMs, rules, log, onReceived, afterLook }: WatchOptions,
): () => Promise<void> {
  const stopping = new AbortController()
  const ended = look()
  return async () => {
    stopping.abort()
    await ended
  }

  async function look(): Promise<void> {
    let trouble: string | undefined
    while (!stopping.signal.aborted) {
      const found = await tryOnce()
      // once when it begins, and once when it is over
      if (found !== undefined && trouble === undefined)
        log.warn({ reason: found }, 'cannot look for alerts that did not arrive')
      if (found === undefined && trouble !== undefined) log.info('looks for alerts that did not arrive again')
      trouble = found
      await delay(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }

  /** @returns why it could not look */
  async function tryOnce(): Promise<string | undefined> {
    // without Alertmanager the rest is done all the same
    const troubles = [await reasonOf(lookOnce), await reasonOf(afterLook)]
    return troubles.find((reason) => reason !== undefined)
  }

  async function lookOnce(): Promise<void> {
    const { store, prometheus, alertmanagerUrl, now } = context
    const received = await catchUp({ store, rules, prometheus, alertmanagerUrl, now })
    if (received.changed.length > 0) onReceived(received)
  }

  async function reasonOf(work: () => Promise<void>): Promise<string | undefined> {
    try {
      await work()
      return undefined
    } catch (error) {
      if (error instanceof CannotTell) return error.message
      log.error({ err: error }, 'unexpected error')
      return (error as Error).message
    }
  }
}
