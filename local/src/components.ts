/** In the order in which they are stopped. */
export const SERVICES = ['gateway', 'notifications', 'payments', 'events'] as const
export const COMPONENTS = [...SERVICES, 'redis', 'postgres'] as const

export type ServiceName = (typeof SERVICES)[number]
export type ComponentName = (typeof COMPONENTS)[number]

export const DEFAULT_PORTS: Record<ComponentName, number> = {
  gateway: 3080,
  events: 8081,
  payments: 8082,
  notifications: 8083,
  postgres: 5432,
  redis: 6379,
}

/** The variable that sets a component's port. */
export function portVariable(name: ComponentName): string {
  return `${name.toUpperCase()}_PORT`
}

export function isService(name: ComponentName): name is ServiceName {
  return (SERVICES as readonly string[]).includes(name)
}
