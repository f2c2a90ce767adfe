import { randomInt } from 'node:crypto'
import type { App } from '@quickticket/kit/app'
import type { Registry } from '@quickticket/kit/prometheus'
import { faultRoutes } from './admin.ts'
import { createControl } from './control.ts'
import { createGroundTruth } from './ground-truth.ts'
import { injectFaults } from './inject.ts'
import { createOwnFaults, type OwnFaults } from './own.ts'
import { parseFaults } from './parse.ts'
import type { LeakyPool } from './pool-leak.ts'

export interface FaultConfig {
  FAULTS: string
  FAULT_SEED?: number
  FAULTS_SEALED: boolean
  FAULT_ADMIN_TOKEN: string
}

export interface FaultDeps {
  service: string
  registry: Registry
  /** whose connections db-pool-leak takes */
  pool?: LeakyPool
}

/**
 * Injects the faults of `FAULTS` into every request that is not for operations, and serves /faults when there is a token
 * for it. With neither, nothing is added to the application.
 *
 * @returns for the faults that a service injects itself
 */
export function faults(app: App, config: FaultConfig, { service, registry, pool }: FaultDeps): OwnFaults {
  const seed = config.FAULT_SEED ?? randomInt(2 ** 32)
  const truth = createGroundTruth(registry, service, config.FAULTS_SEALED)
  const token = config.FAULT_ADMIN_TOKEN
  if (config.FAULTS || token) {
    const control = createControl({ seed, service, truth, log: app.log, pool })
    injectFaults(app, control, truth)
    if (token) faultRoutes(app, { control, truth, token, hasPool: pool !== undefined })
    if (config.FAULTS) {
      // all services may share one FAULTS, so what is for another one is no mistake
      const rules = parseFaults(config.FAULTS).filter(({ fault }) => pool || fault.kind !== 'db-pool-leak')
      control.replace(rules)
      truth.announce(rules, seed, app.log)
    }
  }
  return createOwnFaults(truth, seed, service)
}
