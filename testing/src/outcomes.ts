import type { App } from '@quickticket/kit/app'
import type { Outcome } from '@quickticket/kit/request-outcome'

/** Collects how requests ended; an outcome is told after its client has the answer, so that a test has to wait for it. */
export function collectOutcomes(app: App) {
  const outcomes: Outcome[] = []
  const waiting = new Set<() => void>()
  app.outcomeListeners.push((outcome) => {
    outcomes.push(outcome)
    for (const look of waiting) look()
  })
  return {
    /** All outcomes, as soon as there are this many. */
    until: (count: number): Promise<Outcome[]> =>
      new Promise((resolve) => {
        function look(): void {
          if (outcomes.length < count) return
          waiting.delete(look)
          resolve(outcomes)
        }
        waiting.add(look)
        look()
      }),
  }
}
