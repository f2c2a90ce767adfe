import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { IMAGES } from '@quickticket/testing/versions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../src/program.ts'
import { faultToken } from '../src/ready/checks/fault-token.ts'
import { imageAge } from '../src/ready/checks/image-age.ts'
import { limits } from '../src/ready/checks/limits.ts'
import { passwords } from '../src/ready/checks/passwords.ts'
import { plainSecrets } from '../src/ready/checks/plain-secrets.ts'
import { probes } from '../src/ready/checks/probes.ts'
import { serviceToken } from '../src/ready/checks/service-token.ts'
import { ask, DAY_MS, ownContext } from './ready-kit.ts'

const hasImage = spawnSync('docker', ['image', 'inspect', IMAGES.redis]).status === 0
const LONG = 'a-token-of-more-than-16-characters'

describe.skipIf(!hasImage)(
  `with containers of Docker (skipped without Docker and the image ${IMAGES.redis})`,
  () => {
    const project = `ready-${randomUUID().slice(0, 8)}`

    beforeAll(() => {
      container('gateway', [
        '--memory=32m',
        '--health-cmd=true',
        `--env=SERVICE_TOKEN=${LONG}`,
        `--env=FAULT_ADMIN_TOKEN=${LONG}`,
      ])
      container('payments', ['--env=SERVICE_TOKEN=', '--env=FAULT_ADMIN_TOKEN=dev-token'])
      container('events', ['--env=DB_PASS=', '--env=SERVICE_TOKEN_FILE=/run/secrets/token'])
    })
    afterAll(() => {
      const own = ['ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`]
      const ids = execFileSync('docker', own, { encoding: 'utf8' }).split('\n').filter(Boolean)
      execFileSync('docker', ['rm', '--force', ...ids])
    })

    const here = () => ownContext({ COMPOSE_PROJECT_NAME: project })

    test('a container without a health check has no probe', async () => {
      expect(await ask(probes, here(), { service: 'gateway' })).toMatchObject({ status: 'pass' })
      expect(await ask(probes, here())).toMatchObject({
        status: 'fail',
        evidence: 'events has no health check, payments has no health check',
      })
    })

    test('a container without mem_limit is not limited', async () => {
      expect(await ask(limits, here(), { service: 'gateway' })).toMatchObject({ status: 'pass' })
      expect(await ask(limits, here(), { service: 'payments' })).toMatchObject({
        status: 'fail',
        evidence: 'payments has no limit of memory',
      })
    })

    test('a token is set by its variable or by its file, and empty is unset', async () => {
      expect(await ask(serviceToken, here())).toMatchObject({
        status: 'fail',
        evidence: 'SERVICE_TOKEN is unset: payments',
      })
    })

    test('a token for faults that is short can be guessed, and none at all is safe', async () => {
      expect(await ask(faultToken, here())).toMatchObject({
        status: 'fail',
        evidence: expect.stringMatching(/: payments$/),
      })
      expect(await ask(faultToken, here(), { service: 'events' })).toMatchObject({ status: 'pass' })
    })

    test('a plain secret is named without its value', async () => {
      const { status, evidence } = await ask(plainSecrets, here())
      expect(status).toBe('fail')
      expect(evidence).toBe('SERVICE_TOKEN (gateway), FAULT_ADMIN_TOKEN (gateway, payments)')
    })

    test('an empty DB_PASS is the default password', async () => {
      expect(await ask(passwords, here())).toMatchObject({
        status: 'fail',
        evidence: 'default: events DB_PASS',
      })
    })

    test('an image is too old 90 days after it was built', async () => {
      const inAYear = Date.now() + 365 * DAY_MS
      const variables = { COMPOSE_PROJECT_NAME: project }
      expect(await ask(imageAge, ownContext(variables, { now: () => inAYear }))).toMatchObject({
        status: 'fail',
        evidence: expect.stringContaining('older: events '),
      })
    })

    test('a service that does not run is unknown', async () => {
      expect(await ask(probes, here(), { service: 'notifications' })).toMatchObject({
        status: 'unknown',
        evidence: 'notifications: not running (looked at what runs: events, gateway, payments)',
      })
    })

    function container(service: string, options: string[]): void {
      const labels = { project, service, oneoff: 'False' }
      execFileSync('docker', [
        'run',
        '--detach',
        ...Object.entries(labels).map(([name, value]) => `--label=com.docker.compose.${name}=${value}`),
        ...options,
        IMAGES.redis,
      ])
    }
  },
)

test('a project without containers is unknown, with the command that found none', async () => {
  const { status, evidence } = await ask(probes, ownContext({ COMPOSE_PROJECT_NAME: 'no-such-project' }))
  expect(status).toBe('unknown')
  expect(evidence).toMatch(/looked at docker ps --quiet .*project=no-such-project/)
})

test('processes of npm start have no containers to look at', async () => {
  expect(await ask(probes, ownContext({}, { system: 'local' }))).toMatchObject({ status: 'not applicable' })
})

test('a program that is missing is named, with where it comes from', async () => {
  await expect(runProgram('no-such-program', ['--version'])).rejects.toThrow(
    'There is no no-such-program here; install it: no-such-program (looked at no-such-program --version)',
  )
})

test('a program that fails is quoted', async () => {
  await expect(runProgram('node', ['-e', 'console.error("out of order"); process.exit(3)'])).rejects.toThrow(
    'node failed: out of order',
  )
})
