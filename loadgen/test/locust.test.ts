import { execFile, spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLocalSystem } from '../../e2e/src/local-system.ts'
import type { System } from '../../e2e/src/system.ts'

const IMAGE = 'locustio/locust:2.43.4'
const FILE = fileURLToPath(new URL('../locust/locustfile.py', import.meta.url))
const hasImage = spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' }).status === 0

interface Entry {
  method: string
  name: string
  num_requests: number
  num_failures: number
}

describe.skipIf(!hasImage)(`Locust (needs Docker and the image ${IMAGE})`, () => {
  let system: System
  beforeAll(async () => {
    system = await startLocalSystem()
  }, 120_000)
  afterAll(() => system?.close())

  test('its users do all that they can do, and nothing of a healthy system counts as a failure', async () => {
    const entries = await locust(system.url.gateway, '20', '10s')
    expect(entries.map(({ method, name }) => `${method} ${name}`).sort()).toEqual([
      'GET /events',
      'GET /health',
      'POST /events/{id}/reserve',
      'POST /reserve/{id}/pay',
    ])
    expect(entries.reduce((sum, { num_failures }) => sum + num_failures, 0)).toBe(0)
  }, 120_000)

  test('what is sold out has a line of its own and is no failure, what is broken is one', async () => {
    await sellOut(system.url.gateway, [3, 5])
    await system.stop('payments')
    const entries = await locust(system.url.gateway, '20', '8s')
    const byName = Object.fromEntries(entries.map((entry) => [entry.name, entry]))
    expect(byName['/events/{id}/reserve, sold out (409)']?.num_requests).toBeGreaterThan(0)
    expect(byName['/events/{id}/reserve, sold out (409)']?.num_failures).toBe(0)
    expect(byName['/events/{id}/reserve']).toBeUndefined()
    expect(byName['/health']?.num_failures).toBe(byName['/health']?.num_requests)
  }, 120_000)
})

/** What Locust counted, by method and name; it also ends with 1 when there were failures. */
async function locust(host: string, users: string, time: string): Promise<Entry[]> {
  const run = [
    'run',
    '--rm',
    '--network',
    'host',
    '-v',
    `${dirname(FILE)}:/mnt/locust:ro`,
    '--entrypoint',
    'locust',
    IMAGE,
  ]
  const args = [
    '-f',
    '/mnt/locust/locustfile.py',
    '--host',
    host,
    '--headless',
    '-u',
    users,
    '-r',
    '20',
    '-t',
    time,
  ]
  const { stdout } = await promisify(execFile)('docker', [
    ...run,
    ...args,
    '--json',
    '--only-summary',
    '--exit-code-on-error',
    '0',
  ])
  return JSON.parse(stdout) as Entry[]
}

async function sellOut(gatewayUrl: string, eventIds: number[]): Promise<void> {
  for (const id of eventIds) {
    for (let quantity = 10; quantity >= 1; ) {
      const { status } = await fetch(`${gatewayUrl}/events/${id}/reserve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ quantity }),
      })
      if (status === 409) quantity -= 1
    }
  }
}
