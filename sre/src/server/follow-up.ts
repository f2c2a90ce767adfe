import type { Log } from '@quickticket/kit/log'
import { alertsOf } from '../alerts/alert.ts'
import { observeBegin } from '../alerts/begin.ts'
import type { Received } from '../alerts/receive.ts'
import type { Context } from '../context.ts'
import { idOf, listIncidents } from '../incident/incident.ts'
import type { IncidentRules } from '../incident/rules.ts'
import { runAutomaticSteps } from '../runbook/automatic.ts'
import { CannotTell } from '../verb.ts'

/** What is done for incidents after the sender of an alert has been answered. */
export interface FollowUp {
  /** must not be waited for */
  start(received: Received): void
  /** Tries again what could not be done, such as while Prometheus was down. */
  retry(): Promise<void>
  /** Ends the runbooks that run, and waits for them. */
  stop(): Promise<void>
}

/** After a kill, incidents that were opened this long before are still diagnosed. */
const DIAGNOSED_WITHIN_MS = 3_600_000

export function createFollowUp(context: Context, rules: IncidentRules, log: Log): FollowUp {
  const { store, prometheus, now } = context
  /** incidents whose begin has still to be looked for; after a start those that are open */
  let withoutBegin: Set<number> | undefined
  let searching: Promise<void> | undefined
  /** incidents whose alerts have pages to be run; after a start those that were opened a short time before */
  let undiagnosed: Set<number> | undefined
  const diagnosing = new Set<number>()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  if (context.system === 'local')
    log.info('runbooks do not run by themselves: they have commands for Compose and a cluster only')

  function start({ opened, changed }: Received): void {
    keep(findBegins(changed))
    keep(beginDiagnoses(opened))
  }

  function keep(work: Promise<void>): void {
    const done = work
      .catch((error: Error) => log.warn({ reason: error.message }, 'could not follow up an incident'))
      .finally(() => running.delete(done))
    running.add(done)
  }

  /** One search at a time: each asks Prometheus. */
  async function findBegins(numbers: number[]): Promise<void> {
    withoutBegin ??= new Set(openWithoutBegin())
    for (const number of numbers) withoutBegin.add(number)
    searching ??= search(withoutBegin).finally(() => {
      searching = undefined
    })
    await searching
  }

  async function search(left: Set<number>): Promise<void> {
    // also those that are added meanwhile
    for (const number of left) {
      if (stopping.signal.aborted) return
      if (await observeBegin(number, { store, prometheus, rules, now })) left.delete(number)
    }
  }

  function openWithoutBegin(): number[] {
    return listIncidents(store, { open: true })
      .filter(({ begunBy }) => begunBy === 'alert')
      .map(({ number }) => number)
  }

  async function beginDiagnoses(numbers: number[]): Promise<void> {
    undiagnosed ??= new Set(openedLately())
    for (const number of numbers) undiagnosed.add(number)
    for (const number of undiagnosed) {
      if (diagnosing.has(number)) continue
      diagnosing.add(number)
      keep(diagnose(number).finally(() => diagnosing.delete(number)))
    }
  }

  /** The worst first. */
  function openedLately(): number[] {
    return store
      .all<{ number: number }>(
        `SELECT number FROM incidents i WHERE status <> 'resolved'
           AND (SELECT min(received_at) FROM alerts WHERE incident = i.number) > ? ORDER BY severity, number`,
        now() - DIAGNOSED_WITHIN_MS,
      )
      .map(({ number }) => number)
  }

  /** Runs the steps that only look, of the runbooks of the alerts that the incident began with. */
  async function diagnose(number: number): Promise<void> {
    const names = new Set(alertsOf(store, number).map(({ labels }) => labels.alertname ?? ''))
    for (const alert of names) {
      if (stopping.signal.aborted) return
      const { system, env } = context
      const result = await runAutomaticSteps(
        { system, alert, incident: number, allowedAutomatic: rules.allowedAutomatic },
        { store, env, now, progress: (line) => log.debug({ line }, 'runbook'), signal: stopping.signal },
      )
      if (result)
        log.info({ incident: idOf(number), run: result.run, outcome: result.outcome }, 'ran a runbook')
    }
    undiagnosed?.delete(number)
  }

  return {
    start,
    async retry() {
      await beginDiagnoses([])
      await findBegins([]).catch((error: unknown) => {
        if (!(error instanceof CannotTell)) throw error
      })
    },
    async stop() {
      stopping.abort()
      while (running.size > 0) await Promise.all(running)
    },
  }
}
