import { startComposeSystem } from './compose-system.ts'
import { startLocalSystem } from './local-system.ts'
import type { Environment, System } from './system.ts'

/** Starts a system in the way that QUICKTICKET_E2E says: `local`, the default, as `npm start` does; or `compose`. */
export function startSystem(environment: Environment = {}): Promise<System> {
  const way = process.env.QUICKTICKET_E2E || 'local'
  if (way === 'local') return startLocalSystem(environment)
  if (way === 'compose') return startComposeSystem(environment)
  throw new Error(`QUICKTICKET_E2E=${JSON.stringify(way)} must be one of local, compose`)
}
