import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'

/** The three whose images lab 2 of the course looks at. */
const BUILT = ['events', 'gateway', 'payments'] as const

let project: ComposeProject
/** the parts of the repository that the load generator needs on a machine without Node.js */
let withoutNode: string

beforeAll(async () => {
  project = await createComposeProject()
  withoutNode = mkdtempSync(join(tmpdir(), 'quickticket-without-node-'))
  mkdirSync(join(withoutNode, 'loadgen'))
  for (const file of ['docker-compose.yaml', 'loadgen/run.sh']) {
    copyFileSync(join(REPOSITORY, file), join(withoutNode, file))
  }
  await project.compose(['build', 'load'])
  await project.compose(['up', '--build', '--detach', '--wait', ...BUILT])
})
afterAll(async () => {
  await project.down()
  rmSync(withoutNode, { recursive: true, force: true })
})

test('images have the name of the project too, as the course has app-gateway', async () => {
  const names = BUILT.map((service) => `${project.name}-${service}`)
  const ids = await Promise.all(
    names.map((name) => docker(['image', 'inspect', '--format', '{{.Id}}', name])),
  )
  const ours = await Promise.all(
    BUILT.map((service) => docker(['image', 'inspect', '--format', '{{.Id}}', `quickticket-${service}:v1`])),
  )
  expect(ids).toEqual(ours)
})

test('the load generator without Node.js finds the gateway of the project', async () => {
  const { stdout } = await promisify(execFile)(join(withoutNode, 'loadgen/run.sh'), ['5', '2'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, COMPOSE_PROJECT_NAME: project.name },
  })
  expect(stdout).toMatch(/^Done\. total=10 success=10 fail=0 error_rate=0\.0% sold_out=0$/m)
})

test('the load generator without Node.js says that there is no gateway', async () => {
  const started = promisify(execFile)(join(withoutNode, 'loadgen/run.sh'), ['5', '2'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, COMPOSE_PROJECT_NAME: `${project.name}-other` },
  })
  await expect(started).rejects.toThrow(/no gateway .*"docker compose up -d"/)
})
