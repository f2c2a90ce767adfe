import { PORTS, type ServiceName } from '@quickticket/contract/services'

/** In the order in which they are stopped. */
export const SERVICES = ['gateway', 'notifications', 'payments', 'events'] as const satisfies ServiceName[]
export const COMPONENTS = [...SERVICES, 'redis', 'postgres', 'sre'] as const

export type { ServiceName }
export type ComponentName = (typeof COMPONENTS)[number]

export const DEFAULT_PORTS: Record<ComponentName, number> = {
  ...PORTS,
  // 8080 is often in use
  gateway: 3080,
  postgres: 5432,
  redis: 6379,
  sre: 3090,
}

/** The variable that sets a component's port. */
export function portVariable(name: ComponentName): string {
  return `${name.toUpperCase()}_PORT`
}

/** PostgreSQL and Redis, which speak no HTTP. */
export function isServer(name: ComponentName): boolean {
  return name === 'postgres' || name === 'redis'
}

export function isService(name: ComponentName): name is ServiceName {
  return (SERVICES as readonly string[]).includes(name)
}
