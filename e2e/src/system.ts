import type { ServiceName } from '@quickticket/contract/services'

export type Component = ServiceName | 'postgres' | 'redis'
export type Environment = Record<string, string>

/** One line that a service wrote, and what it says when it is JSON. */
export interface LogLine {
  text: string
  /** undefined when the line is no JSON object */
  json: Record<string, unknown> | undefined
}

/** A whole QuickTicket that runs for one test file alone. */
export interface System {
  url: Record<ServiceName, string>
  postgres: { host: string; port: number; database: string; user: string; password: string }
  /** undefined where there is no Redis: then held seats are in the memory of events */
  redis: { host: string; port: number } | undefined
  /** Ends a component in order. */
  stop(component: Component): Promise<void>
  /** Ends a component without a warning. */
  kill(component: Component): Promise<void>
  /** Starts a component that was stopped or killed, on the same port, and waits until it serves. */
  start(component: Component): Promise<void>
  /** Freezes a component: its connections stay open, and nothing answers. */
  pause(component: Component): Promise<void>
  resume(component: Component): Promise<void>
  /** Stops a service and starts it with these variables on top of those that the system started with. */
  restart(service: ServiceName, environment?: Environment): Promise<void>
  /** What a service has written to its standard output so far. */
  logs(service: ServiceName): LogLine[]
  close(): Promise<void>
}
