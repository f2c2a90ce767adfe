import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { createComposeProject } from './compose-project.ts'
import { containerLogs, docker } from './docker.ts'
import { get } from './http.ts'
import { parseLog } from './log-lines.ts'
import { redisCommand, withPostgres } from './stores.ts'
import type { Component, Environment, System } from './system.ts'

const START_TIMEOUT_MS = 90_000

/** Starts the Compose file, notifications included, on free ports and from empty volumes. */
export async function startComposeSystem(environment: Environment = {}): Promise<System> {
  const project = await createComposeProject({ COMPOSE_PROFILES: 'notifications', ...environment })
  const { port, compose, container } = project
  /** what containers wrote that are gone */
  const earlierLogs = new Map<ServiceName, string>()
  const stores: Pick<System, 'postgres' | 'redis'> = {
    postgres: {
      host: '127.0.0.1',
      port: port.postgres,
      database: 'quickticket',
      user: 'quickticket',
      password: 'quickticket',
    },
    redis: { host: '127.0.0.1', port: port.redis },
  }
  const urlOf = (service: ServiceName) => `http://127.0.0.1:${port[service]}`
  const url = Object.fromEntries(SERVICES.map((service) => [service, urlOf(service)])) as System['url']

  const serves = async (component: Component): Promise<boolean> => {
    if (component === 'postgres') return withPostgres(stores.postgres, async () => true)
    if (component === 'redis') return (await redisCommand(stores, 'PING')).startsWith('+PONG')
    return (await get(`${url[component]}/livez`)).status === 200
  }
  const untilServes = async (component: Component): Promise<void> => {
    const deadline = performance.now() + START_TIMEOUT_MS
    while (performance.now() < deadline) {
      if (await serves(component).catch(() => false)) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${component} does not answer:\n${containerLogs(container(component))}`)
  }
  const logsOf = (service: ServiceName) =>
    (earlierLogs.get(service) ?? '') + containerLogs(container(service))

  try {
    await compose(['up', '--detach'])
    await Promise.all([...SERVICES, 'postgres' as const, 'redis' as const].map(untilServes))
  } catch (error) {
    await project.down()
    throw error
  }

  return {
    url,
    ...stores,
    // by container: Compose would start or ask what a service depends on as well
    stop: async (component) => void (await docker(['stop', container(component)])),
    kill: async (component) => void (await docker(['kill', container(component)])),
    async start(component) {
      await docker(['start', container(component)])
      await untilServes(component)
    },
    pause: async (component) => void (await docker(['pause', container(component)])),
    resume: async (component) => void (await docker(['unpause', container(component)])),
    async restart(service, changed = {}) {
      earlierLogs.set(service, logsOf(service))
      await compose(['up', '--detach', '--no-deps', '--force-recreate', service], changed)
      await untilServes(service)
    },
    logs: (service) => parseLog(logsOf(service)),
    close: project.down,
  }
}
