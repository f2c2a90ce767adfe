import { readFileSync } from 'node:fs'
import type { ServiceName } from './components.ts'
import type { Environment } from './options.ts'

/** The labs' variables, each of which injects a fault when it is not 0. */
const LAB_VARIABLES: Partial<Record<ServiceName, string[]>> = {
  payments: ['PAYMENT_FAILURE_RATE', 'PAYMENT_LOST_ANSWER_RATE', 'PAYMENT_LATENCY_MS'],
  notifications: ['NOTIFY_FAILURE_RATE', 'NOTIFY_LATENCY_MS'],
}

/** A rule of docs/faults.md that is in force, and how often it has struck. */
export type LiveFault = { text: string; injected: number; active: boolean }

export type ServiceFaults = {
  service: ServiceName
  /** NAME=value, of the labs */
  variables: string[]
  /** undefined: the service does not answer */
  rules: LiveFault[] | undefined
  /** FAULTS_SEALED: it does not tell */
  sealed: boolean
}

export function labFaults(service: ServiceName, environment: Environment): string[] {
  const names = LAB_VARIABLES[service] ?? []
  return names
    .filter((name) => Number(environment[name] || 0) !== 0)
    .map((name) => `${name}=${environment[name]}`)
}

/** The token that the service takes; undefined: it takes none, because the file of it cannot be read. */
export function faultToken(environment: Environment): string | undefined {
  const file = environment.FAULT_ADMIN_TOKEN_FILE
  if (!file) return environment.FAULT_ADMIN_TOKEN || undefined
  try {
    return readFileSync(file, 'utf8').trimEnd()
  } catch {
    // the service then has no token either
    return undefined
  }
}
