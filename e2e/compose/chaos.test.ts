import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'

const EXPERIMENT = `
title: Payments is stopped for a moment
description: As payments-stopped in sre/experiments, and shorter.
steady-state-hypothesis:
  title: Without payments buyers list, and pay again when it is back
  probes:
    - type: probe
      name: buyers-pay
      provider: { type: purchase, step: pay, take: answer }
      tolerance: '200'
method:
  - type: action
    name: stop-payments
    provider: { type: stop, component: payments }
  - type: probe
    name: pay
    provider: { type: purchase, step: pay, take: answer }
    tolerance: 503 payments_unavailable
  - type: probe
    name: list
    provider: { type: purchase, step: list }
    tolerance: 200
extensions:
  - { name: sre, strategy: default, duration: 4s, settle: 1s, interval: 1s, recovery: 30s }
`

let project: ComposeProject
let directory: string
let file: string

beforeAll(async () => {
  project = await createComposeProject()
  directory = mkdtempSync(join(tmpdir(), 'quickticket-chaos-'))
  file = join(directory, 'payments-away.yaml')
  writeFileSync(file, EXPERIMENT)
  await project.compose(['up', '--detach', '--wait'])
})
afterAll(async () => {
  await project.down()
  rmSync(directory, { recursive: true, force: true })
})

function startRunner() {
  return spawn(process.execPath, [join(REPOSITORY, 'sre/src/main.ts'), 'chaos', 'run', file, '--json'], {
    env: {
      ...inheritedEnvironment(),
      ...project.environment,
      COMPOSE_PROJECT_NAME: project.name,
      GATEWAY_URL: `http://127.0.0.1:${project.port.gateway}`,
      SRE_DATA_DIR: directory,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const stateOfPayments = async () =>
  (await docker(['inspect', '--format', '{{.State.Status}}', project.container('payments')])).trim()

test('an experiment stops a container, measures, and starts it again', async () => {
  const runner = startRunner()
  const [stdout, stderr] = await Promise.all([text(runner.stdout), text(runner.stderr)])
  expect(JSON.parse(stdout), stderr).toMatchObject({ name: 'payments-away', outcome: 'held' })
  expect(await stateOfPayments()).toBe('running')
})

test('a container is started again although the runner that stopped it was killed', async () => {
  const runner = startRunner()
  await eventually(stateOfPayments, 'exited', 40_000)
  runner.kill('SIGKILL')
  await once(runner, 'exit')
  expect(await stateOfPayments()).toBe('exited')
  await eventually(stateOfPayments, 'running', 60_000)
})
