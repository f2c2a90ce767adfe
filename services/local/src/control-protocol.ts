import type { ComponentStatus } from './component.ts'

/** The paths are /status, /down and /<verb>/<component>; failures are answered with `{ error }`. */
export const VERBS = ['start', 'stop', 'restart', 'kill', 'pause', 'resume'] as const
export type Verb = (typeof VERBS)[number]

export type SystemState = 'starting' | 'ready' | 'stopping'

export type SystemStatus = {
  state: SystemState
  /** of the runner, which is the parent of all others */
  pid: number
  dataDir: string
  components: ComponentStatus[]
}
