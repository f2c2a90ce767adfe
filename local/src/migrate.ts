import { join } from 'node:path'
import { REPOSITORY } from './data-dir.ts'
import type { Environment } from './options.ts'
import type { Output } from './output.ts'
import { controlProcess } from './running-process.ts'
import { explain } from './service-process.ts'
import type { Watchdog } from './watchdog.ts'

/** Brings the schema up to date and adds the course's events. */
export async function migrate(
  { watchdog, output, environment }: { watchdog: Watchdog; output: Output; environment: Environment },
  database: Environment,
): Promise<void> {
  const child = await watchdog.spawn(
    process.execPath,
    [join(REPOSITORY, 'migrations', 'src', 'migrate.ts'), 'up', '--seed'],
    { cwd: REPOSITORY, env: { ...environment, ...database }, stdio: ['ignore', 'pipe', 'pipe'] },
    'SIGTERM',
  )
  const followed = output.follow('migrations', child)
  const { code } = await controlProcess(child, watchdog).exited
  if (code !== 0)
    throw new Error(`the database could not be migrated: ${explain(await followed.lastLines())}`)
}
