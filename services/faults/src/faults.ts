import { randomInt } from 'node:crypto'
import type { App } from '@quickticket/kit/app'
import type { Registry } from 'prom-client'
import { faultRoutes } from './admin.ts'
import { createGroundTruth } from './ground-truth.ts'
import { injectFaults } from './inject.ts'
import type { LeakyPool } from './kinds/db-pool-leak.ts'
import { createLiveRules } from './live-rules.ts'
import { parseFaults } from './parse.ts'
import { createServiceFaults, type ServiceFaults } from './service-faults.ts'
import type { FaultConfig } from './variables.ts'

export interface FaultDeps {
  service: string
  registry: Registry
  /** whose connections db-pool-leak takes */
  pool?: LeakyPool
}

/**
 * Injects the faults of `FAULTS` into every request that is not for operations, and serves /faults when
 * `FAULT_ADMIN_TOKEN` is set. With neither, nothing is added to the application.
 *
 * @returns the faults that the service injects itself
 */
export function faults(app: App, config: FaultConfig, { service, registry, pool }: FaultDeps): ServiceFaults {
  const seed = config.FAULT_SEED ?? randomInt(2 ** 32)
  const truth = createGroundTruth(registry, service, config.FAULTS_SEALED)
  const token = config.FAULT_ADMIN_TOKEN
  if (config.FAULTS || token) {
    const rules = createLiveRules({ seed, service, truth, log: app.log })
    injectFaults(app, rules, { truth, pool })
    if (token) faultRoutes(app, { rules, truth, token, hasPool: pool !== undefined })
    if (config.FAULTS) {
      // all services may share one FAULTS, so a rule for another service is no mistake
      const given = parseFaults(config.FAULTS).filter(({ kind }) => pool || !kind.needsPool)
      rules.replace(given)
      truth.announce(given, seed, app.log)
    }
  }
  return createServiceFaults(truth, seed, service)
}
