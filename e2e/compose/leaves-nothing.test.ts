import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'

let project: ComposeProject
beforeAll(async () => {
  project = await createComposeProject({}, ['docker-compose.monitoring.yaml', 'docker-compose.pitr.yaml'])
})
afterAll(() => project.down())

/** The README's command: it names no file but the first, which Compose finds by itself. */
const DOWN = ['--all-resources', '--profile', '*', 'down', '--volumes', '--remove-orphans']

test('one command removes what any file and profile has made', async () => {
  const services = ['prometheus', 'postgres', 'redis', 'notifications']
  await project.compose(['--profile', '*', 'create', '--no-build', ...services])
  // of containers whose images are not built here
  for (const volume of ['backups', 'alertmanager-data', 'grafana-data', 'grafana-data-by-hand'])
    await docker([
      'volume',
      'create',
      '--label',
      `com.docker.compose.project=${project.name}`,
      `${project.name}_${volume}`,
    ])
  // four containers, a network, eight volumes
  expect(await project.remains()).toHaveLength(4 + 1 + 8)
  const first = ['compose', '--env-file', '/dev/null', '-f', 'docker-compose.yaml', '-p', project.name]
  await docker([...first, ...DOWN], project.environment)
  expect(await project.remains()).toEqual([])
})
