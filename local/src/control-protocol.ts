import type { ComponentStatus } from './component.ts'

/**
 * The paths are /status, /down, /variables (of the stores), /faults and /faults/<service> (with `{ faults }`: replaces
 * them) and /<verb>/<component>; failures are answered with `{ error }`.
 */
export const VERBS = ['start', 'stop', 'restart', 'kill', 'pause', 'resume'] as const
export type Verb = (typeof VERBS)[number]

/** degraded: it was started, and not all components run */
export type SystemState = 'starting' | 'ready' | 'degraded' | 'stopping'

export type SystemStatus = {
  state: SystemState
  /** of the runner, which is the parent of all others */
  pid: number
  dataDir: string
  components: ComponentStatus[]
}
