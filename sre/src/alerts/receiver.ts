import { setImmediate as turn } from 'node:timers/promises'
import { CannotTell } from '../verb.ts'
import type { Alert } from './alert.ts'
import { type ReceiveDeps, type Received, receiveAlerts } from './receive.ts'
import type { Message } from './webhook.ts'

export interface ReceiverDeps extends Omit<ReceiveDeps, 'now'> {
  now(): number
  /** called when some alerts are on the disk; must not throw */
  onReceived(received: Received): void
}

/** Some 50 ms of work, during which nothing else is answered. */
const ALERTS_AT_A_TIME = 100

interface Part {
  alerts: Alert[]
  groupKey: string
  done(received: Received): void
  fail(error: unknown): void
}

/**
 * Takes messages of the webhook. Those that come at once share a write to the disk, and a long one is taken in parts: when it fails in
 * between, what is kept stays so, and the sender may send the same again.
 *
 * @returns its promise is kept when all alerts of the message are on the disk, and throws CannotTell when the database fails
 */
export function createReceiver(deps: ReceiverDeps): (message: Message) => Promise<Received> {
  const { store, rules, now, onReceived } = deps
  const waiting: Part[] = []
  let isWorking = false

  return async ({ alerts, groupKey }) => {
    const opened = new Set<number>()
    const changed = new Set<number>()
    // the first one of a cause opens its incident
    const ordered = alerts.toSorted((a, b) => a.startsAt - b.startsAt)
    for (let from = 0; from < ordered.length; from += ALERTS_AT_A_TIME) {
      const received = await receivePart(ordered.slice(from, from + ALERTS_AT_A_TIME), groupKey)
      for (const number of received.opened) opened.add(number)
      for (const number of received.changed) changed.add(number)
    }
    return { opened: [...opened], changed: [...changed] }
  }

  function receivePart(alerts: Alert[], groupKey: string): Promise<Received> {
    return new Promise((done, fail) => {
      waiting.push({ alerts, groupKey, done, fail })
      if (!isWorking) void work()
    })
  }

  async function work(): Promise<void> {
    isWorking = true
    while (waiting.length > 0) {
      // also requests that have just come
      await turn()
      write(nextParts())
    }
    isWorking = false
  }

  function nextParts(): Part[] {
    let count = 0
    const over = waiting.findIndex(({ alerts }) => {
      count += alerts.length
      return count > ALERTS_AT_A_TIME
    })
    return waiting.splice(0, over === -1 ? waiting.length : Math.max(over, 1))
  }

  function write(parts: Part[]): void {
    try {
      const all = store.transaction(() =>
        parts.map(({ alerts, groupKey }) =>
          receiveAlerts(alerts, { groupKey, source: 'webhook' }, { store, rules, now: now() }),
        ),
      )
      for (const [index, received] of all.entries()) {
        onReceived(received)
        parts[index]?.done(received)
      }
    } catch (error) {
      // what is wrong with one message is not wrong with the others
      if (parts.length === 1 || error instanceof CannotTell) for (const { fail } of parts) fail(error)
      else for (const part of parts) write([part])
    }
  }
}
