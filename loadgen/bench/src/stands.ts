import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@quickticket/local/ports'
import type { Child } from './child.ts'
import { startChild } from './child.ts'
import { type DatabaseName, databaseUrl, databaseVariables } from './databases.ts'
import type { Ground, Redis } from './ground.ts'

/** Processes that are measured together; started when the first case needs them. */
export interface Stand {
  /** where the load goes */
  url: string
  /** by the name of the service; CPU and memory are theirs */
  children: Child[]
  redis: Redis
}

export type StandName =
  | 'main'
  | 'limited'
  | 'open-circuit'
  | 'replicas'
  | 'traced'
  | 'traced-1'
  | 'events_10'
  | 'events_1000'
  | 'events_100000'
  | 'orders_1m'
  | 'hello'
  | 'proxy'
  | `hand-written ${DatabaseName}`

export type Stands = ReturnType<typeof createStands>

export function createStands(
  ground: Ground,
  { from, cpuProfDir }: { from: string; cpuProfDir: string | undefined },
) {
  const started = new Map<StandName, Promise<Stand>>()

  function stand(name: StandName): Promise<Stand> {
    const found = started.get(name) ?? start(name)
    started.set(name, found)
    return found
  }

  async function start(name: StandName): Promise<Stand> {
    switch (name) {
      case 'main':
        return startSystem('quickticket')
      case 'events_10':
      case 'events_1000':
      case 'events_100000':
      case 'orders_1m':
        return startSystem(name)
      case 'limited':
        return startGateway({ RATE_LIMIT_RPS: '1' })
      case 'open-circuit': {
        const [unusedPort = 0] = await freePorts(1)
        return startGateway({
          CB_FAILURE_THRESHOLD: '1',
          CB_COOLDOWN_S: '86400',
          PAYMENTS_URL: `http://127.0.0.1:${unusedPort}`,
        })
      }
      case 'replicas':
        return startReplicas()
      case 'traced':
        return startTraced({})
      case 'traced-1':
        return startTraced({
          OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
          OTEL_TRACES_SAMPLER_ARG: '0.01',
        })
      case 'hello':
        return only(await program('hello', 'ceilings/hello.ts', {}))
      case 'proxy': {
        const { url } = await stand('hello')
        return only(await program('proxy', 'ceilings/proxy.ts', { UPSTREAM_URL: url }))
      }
      default:
        return startHandWritten(name.slice('hand-written '.length) as DatabaseName)
    }
  }

  async function startSystem(database: DatabaseName, variables: Record<string, string> = {}): Promise<Stand> {
    // holds are counted by event, and the same event has other orders in another database
    const redis = database === 'orders_1m' ? await ground.secondRedis() : ground.redis
    const payments = await service('payments', variables)
    const notifications = await service('notifications', variables)
    const events = await service('events', {
      ...eventsVariables(database, redis.port, payments.url),
      ...variables,
    })
    const gateway = await service('gateway', {
      EVENTS_URL: events.url,
      PAYMENTS_URL: payments.url,
      NOTIFICATIONS_URL: notifications.url,
      ...variables,
    })
    return { url: gateway.url, children: [gateway, events, payments, notifications], redis }
  }

  /** The system with traces, and a collector that costs next to nothing; its CPU time is in the table too. */
  async function startTraced(variables: Record<string, string>): Promise<Stand> {
    const sink = await program('trace sink', 'trace-sink.ts', {})
    const system = await startSystem('quickticket', { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...variables })
    return { ...system, children: [...system.children, sink] }
  }

  /** One more gateway in front of the same services. */
  async function startGateway(variables: Record<string, string>): Promise<Stand> {
    const { children, redis } = await stand('main')
    const [, events, payments] = children as [Child, Child, Child]
    const gateway = await service('gateway', {
      EVENTS_URL: events.url,
      PAYMENTS_URL: payments.url,
      ...variables,
    })
    return { url: gateway.url, children: [gateway, events], redis }
  }

  async function startReplicas(): Promise<Stand> {
    const { redis } = ground
    const payments = await twice(() => service('payments'))
    const notifications = await twice(() => service('notifications'))
    const events = await twice(() =>
      service('events', eventsVariables('quickticket', redis.port, payments.balancer.url)),
    )
    const gateways = await twice(() =>
      service('gateway', {
        EVENTS_URL: events.balancer.url,
        PAYMENTS_URL: payments.balancer.url,
        NOTIFICATIONS_URL: notifications.balancer.url,
      }),
    )
    const children = [gateways, events, payments, notifications].flatMap((each) => each.replicas)
    return { url: gateways.balancer.url, children, redis }
  }

  async function twice(start: () => Promise<Child>) {
    const replicas = [await start(), await start()]
    const ports = replicas.map(({ port }) => port).join(',')
    return { replicas, balancer: await program('balancer', 'balancer.ts', { UPSTREAM_PORTS: ports }) }
  }

  async function startHandWritten(database: DatabaseName): Promise<Stand> {
    const url = databaseUrl(ground.postgresPort, database)
    const behind = await program('service', 'ceilings/service.ts', { DATABASE_URL: url })
    const front = await program('proxy', 'ceilings/proxy.ts', { UPSTREAM_URL: behind.url })
    return { url: front.url, children: [front, behind], redis: ground.redis }
  }

  function eventsVariables(database: DatabaseName, redisPort: number, paymentsUrl: string) {
    return {
      ...databaseVariables(ground.postgresPort, database),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redisPort),
      PAYMENTS_URL: paymentsUrl,
    }
  }

  /** With the settings that it has by default. */
  async function service(name: string, variables: Record<string, string> = {}): Promise<Child> {
    const environment = { HOST: '127.0.0.1', NODE_COMPILE_CACHE: ground.compileCache, ...variables }
    const profile = cpuProfDir
      ? ['--cpu-prof', `--cpu-prof-dir=${cpuProfDir}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`]
      : []
    return launch(name, [...profile, join(from, 'services', name, 'src', 'server.ts')], environment)
  }

  async function program(name: string, file: string, environment: Record<string, string>): Promise<Child> {
    return launch(name, [fileURLToPath(new URL(file, import.meta.url))], environment)
  }

  async function launch(name: string, args: string[], environment: Record<string, string>): Promise<Child> {
    const [port = 0] = await freePorts(1)
    return startChild({ name, args, port, environment, logDir: ground.logDir, watchdog: ground.watchdog })
  }

  const only = (child: Child): Stand => ({ url: child.url, children: [child], redis: ground.redis })

  return { stand, service }
}
