import type { Manifest } from './component.ts'

/** Of one shape after the other. */
export const NAMESPACE = 'quickticket-student'

/**
 * What a student does next: apply these objects, wait for the stores, pipe the seed into psql, or change the schema by hand as labs
 * 9 and 12 do.
 */
export type Step = Manifest[] | 'stores run' | 'seed' | 'own columns'
export type Readiness = 'no probe' | 'its port' | '/health'

/** One way in which students write their manifests: read off public forks of the course, written here. */
export interface Shape {
  name: string
  about: string
  steps: Step[]
  /** what a pod is ready by */
  readiness: { gateway: Readiness; events: Readiness }
  /** a liveness probe asks for dependencies too: a fault that lasts restarts the container */
  restartsInFaults: boolean
  /** what the database has when the pod of PostgreSQL was replaced */
  afterLoss: 'nothing' | 'the seed' | 'all'
}
