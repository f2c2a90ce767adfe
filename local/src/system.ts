import { type Component, createComponent } from './component.ts'
import { COMPONENTS, type ComponentName, isServer, SERVICES } from './components.ts'
import { statusOf } from './http-status.ts'
import { migrate } from './migrate.ts'
import type { Environment } from './options.ts'
import type { Output } from './output.ts'
import { startPostgres } from './postgres-server.ts'
import { startRedis } from './redis-server.ts'
import type { Exit } from './running-process.ts'
import { launchService } from './service-process.ts'
import { databaseVariables, serviceVariables, sreVariables } from './service-variables.ts'
import { createStepTimer, displayName } from './step-timer.ts'
import { waitUntil } from './wait.ts'
import type { Watchdog } from './watchdog.ts'

export type System = {
  /** redis is not among them where there is no Redis, and sre where it was not asked for */
  components: Map<ComponentName, Component>
  /** where PostgreSQL and Redis are, as events has been told */
  storeVariables(): Environment
  start(): Promise<void>
  /** Gateway first, servers last; within about ten seconds. */
  stop(): Promise<void>
}

export type SystemOptions = {
  dataDir: string
  ports: Record<ComponentName, number>
  /** the program; undefined: holds are kept in the events process */
  redis: string | undefined
  sre: boolean
  environment: Environment
  watchdog: Watchdog
  output: Output
  onUnexpectedExit(name: ComponentName, exit: Exit): void
}

const READY_TIMEOUT_MS = 30_000
const SRE = ['sre/src/main.ts', 'serve']
const STORES = /^(DB_|REDIS_|HOLD_STORE$)/
/** Who depends on others goes before them. */
const STOPPING_ORDER: { names: ComponentName[]; graceMs: number }[] = [
  { names: ['gateway', 'sre'], graceMs: 4000 },
  { names: ['notifications', 'payments', 'events'], graceMs: 3000 },
  { names: ['redis', 'postgres'], graceMs: 3000 },
]

/** The whole of QuickTicket on this machine. */
export function createSystem(options: SystemOptions): System {
  const { ports } = options
  const components = new Map(
    COMPONENTS.filter((name) => isThere(name, options)).map((name) => [
      name,
      createComponent(name, addressOf(name, ports), launchOf(name, options), options.onUnexpectedExit),
    ]),
  )
  const step = createStepTimer(options.output.say)
  const start = async (name: ComponentName) => {
    const component = components.get(name)
    if (component) await step(displayName(name), () => component.start())
  }

  return {
    components,
    storeVariables() {
      const decided = serviceVariables('events', ports, options.environment, options.redis !== undefined)
      const environment = components.get('events')?.environment() ?? { ...options.environment, ...decided }
      return Object.fromEntries(Object.entries(environment).filter(([name]) => STORES.test(name)))
    },
    async start() {
      await Promise.all([start('postgres'), start('redis')])
      const migrated = step('schema', () => migrate(options, databaseVariables(ports)))
      await Promise.all([migrated, ...SERVICES.map(start), start('sre')])
      await Promise.all([
        ...SERVICES.map((name) => waitFor200(name, `${addressOf(name, ports)}/readyz`)),
        waitFor200('events', `${addressOf('events', ports)}/health`),
      ])
    },
    async stop() {
      for (const { names, graceMs } of STOPPING_ORDER) {
        await Promise.all(names.map((name) => components.get(name)?.stop(graceMs)))
      }
    },
  }
}

function isThere(name: ComponentName, { redis, sre }: SystemOptions): boolean {
  if (name === 'redis') return redis !== undefined
  return name !== 'sre' || sre
}

function launchOf(name: ComponentName, options: SystemOptions): Parameters<typeof createComponent>[2] {
  const { dataDir, ports, watchdog, output, environment, redis } = options
  const port = ports[name]
  switch (name) {
    case 'postgres':
      return async () => {
        const server = await startPostgres({ dataDir, port, watchdog, log: output.say })
        return { ...server, stop: (graceMs) => server.stop('fast', graceMs) }
      }
    case 'redis':
      return () => startRedis({ program: redis as string, dataDir, port, watchdog })
    case 'sre':
      return () =>
        launchService(
          name,
          SRE,
          addressOf(name, ports),
          { ...environment, ...sreVariables(ports, dataDir) },
          options,
        )
    default:
      return (variables) => {
        const base = { ...environment, ...serviceVariables(name, ports, environment, redis !== undefined) }
        return launchService(
          name,
          [`services/${name}/src/server.ts`],
          addressOf(name, ports),
          { ...base, ...variables },
          options,
        )
      }
  }
}

function addressOf(name: ComponentName, ports: Record<ComponentName, number>): string {
  return isServer(name) ? `127.0.0.1:${ports[name]}` : `http://localhost:${ports[name]}`
}

async function waitFor200(name: ComponentName, url: string): Promise<void> {
  if (await waitUntil(async () => (await statusOf(url)) === 200, READY_TIMEOUT_MS)) return
  throw new Error(`${name} is not ready: ${url} does not answer 200 within ${READY_TIMEOUT_MS / 1000} s`)
}
