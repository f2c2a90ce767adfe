/** The services. Lists of them in other places are derived from this one, or compared with it by tests. */
export const SERVICES = ['gateway', 'events', 'payments', 'notifications'] as const

export type ServiceName = (typeof SERVICES)[number]

/** Those that every lab starts; notifications is optional. */
export const CORE_SERVICES = ['gateway', 'events', 'payments'] as const satisfies ServiceName[]

/** The default of `PORT`: where a service listens in its container or pod. */
export const PORTS: Record<ServiceName, number> = {
  gateway: 8080,
  events: 8081,
  payments: 8082,
  notifications: 8083,
}

/** Where a service answers inside a Compose network or a namespace. */
export function internalUrl(service: ServiceName): string {
  return `http://${service}:${PORTS[service]}`
}
