import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sent, sendClosedLoop } from '../src/closed-loop.ts'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { docker, tryDocker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'

/** The limit in the Compose file and the course's manifests, and half of it. */
const OWN_LIMIT_MIB = 256
const LIMITS_MIB = [OWN_LIMIT_MIB, 128]
const NO_FEWER_ANSWERS = 200
/** What a client may send in vain: a body that is parsed, checked and given back to the heap. */
const PADDING = Array.from({ length: 1500 }, (_, index) => `seat ${index}`)

/** 30 KB, half of what is taken. */
const LARGE = Array.from({ length: 3000 }, (_, index) => `seat${index}`)

describe.each(['', ':distroless'])('the images "%s" by themselves', (variant) => {
  test.each(SERVICES)('%s takes a part of the limit for its heap', async (service) => {
    for (const limitMib of LIMITS_MIB) {
      const heapMib = Number(await inContainer(`quickticket-${service}${variant}`, limitMib, HEAP_LIMIT))
      expect(heapMib).toBeGreaterThan(limitMib * 0.55)
      expect(heapMib).toBeLessThan(limitMib * 0.7)
    }
  })
})

describe.each(LIMITS_MIB)('under load in containers of %i MiB', (limitMib) => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-memory-'))
  let project: ComposeProject

  beforeAll(async () => {
    const file = join(directory, 'limits.yaml')
    const limit = { mem_limit: `${limitMib}m`, memswap_limit: `${limitMib}m` }
    writeFileSync(
      file,
      JSON.stringify({ services: Object.fromEntries(SERVICES.map((name) => [name, limit])) }),
    )
    const files = limitMib === OWN_LIMIT_MIB ? [] : [file]
    project = await createComposeProject({ COMPOSE_PROFILES: 'notifications' }, files)
    await project.compose(['up', '--detach', '--no-build', '--wait', ...SERVICES])
    await sql('UPDATE events SET total_tickets = 1000000')
  })
  afterAll(async () => {
    console.table(
      await Promise.all(SERVICES.map(async (name) => ({ name, limitMib, peakMib: await peakOf(name) }))),
    )
    await project.down()
    rmSync(directory, { recursive: true })
  })

  const urlOf = (service: ServiceName) => `http://127.0.0.1:${project.port[service]}`
  const livez = async (service: ServiceName) =>
    fetch(`${urlOf(service)}/livez`).then(
      ({ status }) => status,
      () => 0,
    )
  const sql = (statement: string) =>
    project.compose([
      'exec',
      '-T',
      'postgres',
      'psql',
      '-U',
      'quickticket',
      '-d',
      'quickticket',
      '-c',
      statement,
    ])

  /** Docker starts what was killed again, and counts that. */
  async function expectAlive(...services: ServiceName[]): Promise<void> {
    for (const service of services) {
      await eventually(() => livez(service), 200, 30_000)
      const format = '{{.State.OOMKilled}} {{.RestartCount}}'
      const state = await docker(['inspect', '--format', format, project.container(service)])
      expect([service, state.trim()]).toEqual([service, 'false 0'])
    }
  }

  test('gateway and events: 300 buyers who do not wait', async () => {
    const answers = await sendClosedLoop(urlOf('gateway'), {
      connections: 300,
      seconds: 20,
      next: buyer,
      follow: payFor,
    })
    expect(answers['200'], JSON.stringify(answers)).toBeGreaterThan(NO_FEWER_ANSWERS)
    await expectAlive(...SERVICES)
  })

  test('gateway: 1000 buyers, and events does not answer', async () => {
    await docker(['pause', project.container('events')])
    try {
      const load = { connections: 1000, seconds: 8, next: buyer, follow: payFor }
      const answers = await sendClosedLoop(urlOf('gateway'), load)
      expect(answers['504'], JSON.stringify(answers)).toBeGreaterThan(NO_FEWER_ANSWERS)
    } finally {
      await docker(['unpause', project.container('events')])
    }
    await expectAlive(...SERVICES)
  })

  test('gateway and events: 200 clients with bodies that are read in vain', async () => {
    const load = { connections: 200, seconds: 10, next: () => reservation(PADDING) }
    const answers = await sendClosedLoop(urlOf('gateway'), load)
    expect(answers['200'], JSON.stringify(answers)).toBeGreaterThan(NO_FEWER_ANSWERS)
    await expectAlive('gateway', 'events')
  })

  test('have this limit', async () => {
    for (const service of SERVICES) {
      const format = '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}'
      const limits = await docker(['inspect', '--format', format, project.container(service)])
      expect(limits.trim().split(' ').map(Number)).toEqual([limitMib * 2 ** 20, limitMib * 2 ** 20])
    }
  })

  if (limitMib === OWN_LIMIT_MIB)
    test.each(['gateway', 'payments', 'notifications'] as const)(
      '%s: 1000 clients at once, with bodies of 30 KB',
      async (service) => {
        const path = { gateway: '/events/3/reserve', payments: '/charge', notifications: '/notify' }[service]
        const body = { quantity: 1, reservation_id: 'r', amount: 100, event: 'e', order_id: 'o', more: LARGE }
        const load = { connections: 1000, seconds: 8, next: () => ({ path, body }) }
        const answers = await sendClosedLoop(urlOf(service), load)
        expect(answers['200'], JSON.stringify(answers)).toBeGreaterThan(NO_FEWER_ANSWERS)
        await expectAlive(...SERVICES)
      },
    )

  test('payments: 200 charges at a time', async () => {
    const charge = (count: number) => ({ reservation_id: `r-${count}`, amount: 100, more: PADDING })
    const load = {
      connections: 200,
      seconds: 10,
      next: (count: number) => ({ path: '/charge', body: charge(count) }),
    }
    const answers = await sendClosedLoop(urlOf('payments'), load)
    expect(answers['200'], JSON.stringify(answers)).toBeGreaterThan(NO_FEWER_ANSWERS)
    await expectAlive('payments')
  })

  test('notifications: 200 at a time', async () => {
    const notice = { event: 'order_confirmed', order_id: 'o-1', more: PADDING }
    const load = { connections: 200, seconds: 10, next: () => ({ path: '/notify', body: notice }) }
    const answers = await sendClosedLoop(urlOf('notifications'), load)
    expect(answers['200'], JSON.stringify(answers)).toBeGreaterThan(NO_FEWER_ANSWERS)
    await expectAlive('notifications')
  })

  /** In MiB, of all that is in the container; version 2 of cgroups has it since Linux 5.19. */
  async function peakOf(service: ServiceName): Promise<number | undefined> {
    const files = ['memory/memory.max_usage_in_bytes', 'memory.peak'].map((file) => `/sys/fs/cgroup/${file}`)
    const { stdout } = await tryDocker(['exec', project.container(service), 'cat', ...files])
    return stdout ? Math.round(Number(stdout) / 2 ** 20) : undefined
  }
})

const reservation = (padding?: string[]) => ({ path: '/events/3/reserve', body: { quantity: 1, padding } })

function buyer(count: number): Sent {
  return count % 10 < 7 ? { path: '/events', method: 'GET' } : reservation()
}

function payFor({ method, path }: Sent, answer: string): Sent | undefined {
  if (method === 'GET' || !path.endsWith('/reserve')) return undefined
  const [, id] = /"reservation_id":"([^"]+)/.exec(answer) ?? []
  return id === undefined ? undefined : { path: `/reserve/${id}/pay` }
}

const HEAP_LIMIT = 'console.log(v8.getHeapStatistics().heap_size_limit / 2 ** 20)'
/** Runs a program in the image's Node.js. */
function inContainer(image: string, limitMib: number, program: string): Promise<string> {
  const node = image.endsWith(':distroless') ? '/nodejs/bin/node' : 'node'
  const limit = ['--memory', `${limitMib}m`, '--memory-swap', `${limitMib}m`]
  return docker(['run', '--rm', ...limit, '--entrypoint', node, image, '-e', program])
}
