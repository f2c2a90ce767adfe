import { randomBytes } from 'node:crypto'
import { CORE_SERVICES, SERVICES } from '@quickticket/contract/services'
import { freePort } from '@quickticket/testing/free-port'
import { docker, type Output, tryDocker } from './docker.ts'
import type { Component, Environment } from './system.ts'

const COMPONENTS: Component[] = [...SERVICES, 'postgres', 'redis']

/** The Compose file under a name and on ports of its own, with no variables but the given ones. */
export interface ComposeProject {
  name: string
  port: Record<Component, number>
  environment: Environment
  /** Runs `docker compose …`; throws what it said when it failed. */
  compose(args: string[], environment?: Environment, input?: string): Promise<string>
  tryCompose(args: string[], environment?: Environment): Promise<Output>
  /** the name of a component's container */
  container(component: Component | 'migrations'): string
  /** What is left of the project in the engine: containers, networks and volumes. */
  remains(): Promise<string[]>
  down(): Promise<void>
}

/** @param more Compose files on top of the first one */
export async function createComposeProject(
  environment: Environment = {},
  more: string[] = [],
): Promise<ComposeProject> {
  const name = `quickticket-e2e-${randomBytes(4).toString('hex')}`
  const ports = await Promise.all(COMPONENTS.map(async (component) => [component, await freePort()] as const))
  const port = Object.fromEntries(ports) as Record<Component, number>
  const own = { ...portVariables(port), ...environment }
  const files = ['docker-compose.yaml', ...more].flatMap((file) => ['-f', file])
  const args = ['compose', '--env-file', '/dev/null', ...files, '-p', name]
  const list = (...command: string[]) =>
    docker([...command, '--filter', `label=com.docker.compose.project=${name}`, '-q'])
  return {
    name,
    port,
    environment: own,
    compose: (command, more = {}, input = '') => docker([...args, ...command], { ...own, ...more }, input),
    tryCompose: (command, more = {}) => tryDocker([...args, ...command], { ...own, ...more }),
    container: (component) => `${name}-${component}-1`,
    async remains() {
      const ids = await Promise.all([list('ps', '-a'), list('network', 'ls'), list('volume', 'ls')])
      return ids.flatMap((text) => text.split('\n').filter(Boolean))
    },
    async down() {
      await docker([...args, '--all-resources', '--profile', '*', 'down', '--volumes', '--timeout', '5'], own)
      // names that a build gave its images; without one there are none
      const images = CORE_SERVICES.map((image) => `${name}-${image}`)
      await tryDocker(['image', 'rm', ...images])
    },
  }
}

function portVariables(port: Record<Component, number>): Environment {
  return {
    GATEWAY_PORT: String(port.gateway),
    EVENTS_PORT: String(port.events),
    PAYMENTS_PORT: String(port.payments),
    NOTIFICATIONS_PORT: String(port.notifications),
    POSTGRES_PORT: String(port.postgres),
    REDIS_PUBLISHED_PORT: String(port.redis),
  }
}
