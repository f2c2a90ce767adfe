import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { COMPONENTS, type ComponentName } from './components.ts'
import type { SystemStatus } from './control-protocol.ts'
import { REPOSITORY } from './data-dir.ts'
import type { Environment } from './options.ts'
import { serviceVariables } from './service-variables.ts'

/** Makes seats of the course's events free again in the running system. @returns what it did, for each event */
export function refill({ components }: SystemStatus, environment: Environment): Promise<string> {
  const hasRedis = components.some(({ component }) => component === 'redis')
  const env = { ...environment, ...serviceVariables('events', portsOf(components), environment, hasRedis) }
  const program = join(REPOSITORY, 'services', 'events', 'src', 'refill', 'main.ts')
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program], { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message))
      else resolve(stdout.trim())
    })
  })
}

function portsOf(components: SystemStatus['components']): Record<ComponentName, number> {
  const portOf = (name: ComponentName) =>
    Number(
      components
        .find(({ component }) => component === name)
        ?.address.split(':')
        .at(-1),
    )
  return Object.fromEntries(COMPONENTS.map((name) => [name, portOf(name)])) as Record<ComponentName, number>
}
