import type { Effect } from './effect.ts'
import type { Kind } from './kinds.ts'

/** One rule of `FAULTS`: for which requests, how many of them, what happens to them, and when. */
export interface Rule {
  /** as it was written */
  text: string
  /** `*`: any */
  method: string
  /** a path or a route's template; a `*` at the end matches any rest, `*` alone any path */
  path: string
  /** from 0 to 1 */
  share: number
  kind: Kind
  effect: Effect
  /** when it begins, from the moment at which the rules were set */
  afterMs: number
  /** how long it lasts; Infinity: until the rules are replaced */
  forMs: number
}

/** @param template the route's, e.g. `/events/{id}` */
export function matches(rule: Rule, method: string, path: string, template: string): boolean {
  if (rule.method !== '*' && rule.method !== method) return false
  if (!rule.path.endsWith('*')) return rule.path === path || rule.path === template
  const start = rule.path.slice(0, -1)
  return path.startsWith(start) || template.startsWith(start)
}
