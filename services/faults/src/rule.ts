import type { Random } from './random.ts'

/** What a fault does, in the order in which messages list them. */
export const KINDS = [
  'status',
  'latency',
  'reset',
  'hang',
  'lost-response',
  'truncate',
  'cpu',
  'memory',
  'db-pool-leak',
] as const

export type Kind = (typeof KINDS)[number]

export type Fault =
  | { kind: 'status'; status: number }
  | { kind: 'latency'; sampleMs: (random: Random) => number }
  | { kind: 'cpu'; blockMs: number }
  | { kind: 'memory'; bytesPerSecond: number }
  | { kind: Exclude<Kind, 'status' | 'latency' | 'cpu' | 'memory'> }

/** One rule of `FAULTS`: which requests it is for, how many of them, what happens to them, and when. */
export interface Rule {
  /** as it was written */
  text: string
  /** `*`: any */
  method: string
  /** a path or a route's template; a `*` at the end stands for any rest, `*` alone for any path */
  path: string
  /** from 0 to 1 */
  share: number
  fault: Fault
  /** when it begins, counted from the moment at which the rules were set */
  afterMs: number
  /** how long it lasts; Infinity: for good */
  forMs: number
}

/** @param template the route's, e.g. `/events/{id}` */
export function matches(rule: Rule, method: string, path: string, template: string): boolean {
  if (rule.method !== '*' && rule.method !== method) return false
  if (!rule.path.endsWith('*')) return rule.path === path || rule.path === template
  const start = rule.path.slice(0, -1)
  return path.startsWith(start) || template.startsWith(start)
}
