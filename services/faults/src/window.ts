import type { Rule } from './rule.ts'

/**
 * Begins and ends something with the window of a rule.
 *
 * @returns ends it before its time; `end` is called then, too, whether it has begun or not
 */
export function during({ afterMs, forMs }: Rule, work: { begin?(): void; end(): void }): () => void {
  const timers = [later(begin, afterMs)]

  function begin(): void {
    work.begin?.()
    if (Number.isFinite(forMs)) timers.push(later(work.end, forMs))
  }

  return () => {
    for (const timer of timers) clearTimeout(timer)
    work.end()
  }
}

function later(act: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(act, ms).unref()
}
