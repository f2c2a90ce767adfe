import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'

let project: ComposeProject
beforeAll(async () => {
  project = await createComposeProject(
    {},
    ['monitoring', 'observability', 'pitr'].map((name) => `docker-compose.${name}.yaml`),
  )
})
afterAll(() => project.down())

/** The README's command: it names no file but the first, which Compose finds by itself. */
const DOWN = ['--all-resources', '--profile', '*', 'down', '--volumes', '--remove-orphans']

const VOLUMES = [
  ...['backups', 'alertmanager-data', 'grafana-data', 'grafana-data-by-hand', 'collector-data', 'loki-data'],
]

test('one command removes what any file and profile has made', async () => {
  const services = ['prometheus', 'postgres', 'redis', 'notifications']
  await project.compose(['--profile', '*', 'create', '--no-build', ...services])
  // of containers whose images are not built here
  for (const volume of VOLUMES)
    await docker([
      'volume',
      'create',
      '--label',
      `com.docker.compose.project=${project.name}`,
      `${project.name}_${volume}`,
    ])
  // four containers, a network, four volumes of theirs
  expect(await project.remains()).toHaveLength(4 + 1 + 4 + VOLUMES.length)
  const first = ['compose', '--env-file', '/dev/null', '-f', 'docker-compose.yaml', '-p', project.name]
  await docker([...first, ...DOWN], project.environment)
  expect(await project.remains()).toEqual([])
})
