import { spawn } from 'node:child_process'
import { SERVICES } from '@quickticket/contract/services'
import { REPOSITORY } from '@quickticket/testing/repository'
import { docker } from '../docker.ts'
import { clusterEnvironment } from './environment.ts'

/** Those that a test replaces by another version. */
const REPLACED = [...SERVICES, 'migrations']
/** All that the overlays use of this project, and the load generator, which sends load from inside the cluster. */
const TARGETS = [...REPLACED, 'backup', 'loadgen', 'sre']
const K3D = 'k3d image import -c quickticket'

/**
 * Builds the images as `v1`, the services and migrations also as `v2`, and brings them to the nodes.
 *
 * @param loadCommand gets the images' names as arguments; empty: the nodes find them without
 */
export async function provideImages(loadCommand: string | undefined): Promise<void> {
  await build('v1', TARGETS)
  await build('v2', REPLACED)
  await docker(['buildx', 'bake', '--load', '--file', '-'], {}, JSON.stringify(changedSchema()))
  const command = loadCommand ?? K3D
  if (command !== '') await run(`${command} ${images().join(' ')}`)
}

function images(): string[] {
  return [
    ...TARGETS.map((name) => `quickticket-${name}:v1`),
    ...REPLACED.map((name) => `quickticket-${name}:v2`),
    'quickticket-migrations:expand',
    'quickticket-migrations:contract',
  ]
}

async function build(tag: string, names: string[]): Promise<void> {
  await docker(['buildx', 'bake', '--load', '--file', 'docker-bake.hcl', ...names], {
    TAG: tag,
    VERSION: tag,
  })
}

/** Images with a change of the schema that the services do not know: a column that comes, and the same column that goes. */
function changedSchema(): object {
  const file = (name: string, up: string, down: string) =>
    `COPY --chmod=644 <<EOF migrations/changes/${name}.ts\n` +
    `import type { MigrationBuilder } from 'node-pg-migrate'\n` +
    `export function up(pgm: MigrationBuilder): void { ${up} }\n` +
    `export function down(pgm: MigrationBuilder): void { ${down} }\nEOF\n`
  const add = `pgm.addColumn('orders', { seat_row: { type: 'text' } })`
  const drop = `pgm.dropColumn('orders', 'seat_row')`
  const from = 'FROM quickticket-migrations:v1\n'
  const expand = from + file('9001_seat-row', add, drop)
  const contract = expand + file('9002_no-seat-row', drop, add)
  const target = (name: string, dockerfile: string) => [
    name,
    { context: '.', 'dockerfile-inline': dockerfile, tags: [`quickticket-migrations:${name}`] },
  ]
  return {
    group: { default: { targets: ['expand', 'contract'] } },
    target: Object.fromEntries([target('expand', expand), target('contract', contract)]),
  }
}

/** Runs it in a shell and lets it write to the terminal. @throws Error */
function run(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      cwd: REPOSITORY,
      env: clusterEnvironment(),
      shell: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.on('error', reject).on('exit', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new Error(`"${command}" ended with ${code}; QUICKTICKET_LOAD is the command that loads images`),
        )
    })
  })
}
