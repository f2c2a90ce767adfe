import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SERVICES } from '@quickticket/contract/services'
import { parseObjects } from '@quickticket/k8s/objects'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, describe, expect, test } from 'vitest'
import { docker } from '../src/docker.ts'
import { eventually } from '../src/eventually.ts'

const copies = mkdtempSync(join(tmpdir(), 'quickticket-directory-'))
const built = SERVICES.map((service) => `quickticket-test-directory-${service}`)
afterAll(async () => {
  rmSync(copies, { recursive: true })
  await docker(['image', 'rm', '--force', ...built])
})

// as in labs 4, 5, 7 and 11; the images of Compose are there
describe.each(SERVICES)('docker build ./%s', (service) => {
  const image = `quickticket-test-directory-${service}`
  const server = `services/${service}/src/server.ts`

  test('builds the source that is in the directory', async () => {
    const directory = join(copies, service)
    cpSync(join(REPOSITORY, service), directory, { recursive: true, dereference: true })
    appendFileSync(join(directory, 'src/server.ts'), '// changed by the test\n')
    await docker(['build', '--tag', image, directory])
    const changed = readFileSync(join(directory, 'src/server.ts'), 'utf8')
    expect(await docker(['run', '--rm', image, 'cat', server])).toBe(changed)
  })

  test('makes the image that services/Dockerfile makes', async () => {
    await docker(['build', '--tag', image, `./${service}`])
    const config = (name: string) => docker(['inspect', '--format', '{{json .Config}}', name])
    expect(JSON.parse(await config(image))).toEqual(JSON.parse(await config(`quickticket-${service}`)))
    const files = (name: string) =>
      docker(['run', '--rm', name, 'find', 'services', '-type', 'f', '-exec', 'sha256sum', '{}', '+'])
    expect((await files(image)).split('\n').sort()).toEqual(
      (await files(`quickticket-${service}`)).split('\n').sort(),
    )
  })

  test('which starts', async () => {
    const id = (await docker(['run', '--detach', '--read-only', '--tmpfs', '/tmp', image])).trim()
    try {
      const health = () => docker(['inspect', '--format', '{{.State.Health.Status}}', id])
      await eventually(health, 'healthy\n', 60_000)
    } finally {
      await docker(['rm', '--force', id])
    }
  })
})

test("the workflow of lab 5's page builds what it pushes, in a fork with this repository as app/", async () => {
  const page = readFileSync(join(REPOSITORY, 'docs/labs/lab05.md'), 'utf8')
  const [workflow] = parseObjects(page.split('```yaml\n')[1]?.split('```')[0] as string) as unknown as [
    Workflow,
  ]
  symlinkSync(REPOSITORY, join(copies, 'app'))
  const runner = { GITHUB_REPOSITORY_OWNER: 'Some-Owner', GITHUB_SHA: '3f2c1d0' }
  for (const { run } of workflow.jobs.build.steps) {
    // there is no registry here: what would be pushed has to be there
    const script = run?.replaceAll('docker push', 'docker image inspect --format "{{.Id}}"') ?? ''
    await promisify(execFile)('bash', ['-ec', script], {
      cwd: copies,
      env: { ...inheritedEnvironment(), ...runner },
    })
  }
  const pushed = ['gateway', 'events', 'payments'].map(
    (service) => `ghcr.io/some-owner/quickticket-${service}:3f2c1d0`,
  )
  expect(await docker(['image', 'inspect', '--format', '{{.Config.Cmd}}', ...pushed])).toMatch(
    /gateway.*\n.*events.*\n.*payments/,
  )
  await docker(['image', 'rm', '--force', ...pushed])
})

interface Workflow {
  jobs: { build: { steps: { run?: string }[] } }
}
