import { PORTS, SERVICES, type ServiceName } from '@quickticket/contract/services'
import type { Context } from '../../context.ts'
import { oneOfAt } from '../../fields.ts'

const STORES = ['postgres', 'redis'] as const
const COMPONENTS = [...SERVICES, ...STORES] as const

/** What the system consists of. */
export type Component = (typeof COMPONENTS)[number]

const PORT: Record<Component, number> = { ...PORTS, postgres: 5432, redis: 6379 }
/** Variables of the ports that are published on this machine. */
const PUBLISHED: Record<Component, string> = {
  gateway: 'GATEWAY_PORT',
  events: 'EVENTS_PORT',
  payments: 'PAYMENTS_PORT',
  notifications: 'NOTIFICATIONS_PORT',
  postgres: 'POSTGRES_PORT',
  redis: 'REDIS_PUBLISHED_PORT',
}
const HERE = ['localhost', '127.0.0.1', '[::1]']

/** @throws {UsageError} */
export function componentAt(value: unknown, path: string): Component {
  return oneOfAt(value, path, COMPONENTS)
}

/** @throws {UsageError} */
export function serviceAt(value: unknown, path: string): ServiceName {
  return oneOfAt(value, path, SERVICES)
}

export function portOf(component: Component): number {
  return PORT[component]
}

/** Where this process reaches a component: by its name where the gateway is reached by its name, else by its published port. */
export function addressOf({ env, gatewayUrl, system }: Context, component: Component): Address {
  const { hostname } = new URL(gatewayUrl)
  if (!HERE.includes(hostname)) return { host: component, port: PORT[component] }
  const name = component === 'redis' && system === 'local' ? 'REDIS_PORT' : PUBLISHED[component]
  return { host: '127.0.0.1', port: Number(env[name] || PORT[component]) }
}

/** `EVENTS_URL` and the like go first. */
export function urlOf(context: Context, service: ServiceName): string {
  if (service === 'gateway') return context.gatewayUrl.replace(/\/+$/, '')
  const given = context.env[`${service.toUpperCase()}_URL`]
  if (given) return given.replace(/\/+$/, '')
  const { host, port } = addressOf(context, service)
  return `http://${host}:${port}`
}

interface Address {
  host: string
  port: number
}
