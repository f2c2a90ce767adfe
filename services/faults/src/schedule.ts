import type { Rule } from './rule.ts'

/**
 * Calls `begin` and `end` at the edges of the rule's window.
 *
 * @returns ends it early: then `end` is called too, also before the window
 */
export function scheduleWindow({ afterMs, forMs }: Rule, work: { begin?(): void; end(): void }): () => void {
  const timers = [startTimer(begin, afterMs)]

  function begin(): void {
    work.begin?.()
    if (Number.isFinite(forMs)) timers.push(startTimer(work.end, forMs))
  }

  return () => {
    for (const timer of timers) clearTimeout(timer)
    work.end()
  }
}

function startTimer(act: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(act, ms).unref()
}
