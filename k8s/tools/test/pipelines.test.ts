import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { k8s } from '../src/files.ts'
import { setImages } from '../src/images.ts'

const read = (file: string) => readFileSync(join(k8s, '..', file), 'utf8')
const workflow = parse(read('.github/workflows/ci.yml'))
const jenkinsfile = read('Jenkinsfile')
const PLAIN = ['events', 'gateway', 'payments', 'postgres', 'redis']
const { test: testJob, images, manifests, tag } = workflow.jobs as Record<string, Job>

/** Blocks of the page of lab 5: the workflow, and the job that closes the loop. */
const [ownWorkflow = '', closing = ''] = read('docs/labs/lab05.md')
  .split('```yaml\n')
  .slice(1)
  .map((rest) => rest.split('```')[0])

interface Job {
  if?: string
  needs?: string
  steps: { run?: string; uses?: string; with?: Record<string, unknown> }[]
  strategy?: { matrix: { name: string[] } }
}

describe('GitHub Actions and Jenkins', () => {
  test('run the same npm scripts, which exist', () => {
    const ofWorkflow = [testJob, manifests].flatMap((job) => npmCommands(runs(job).join('\n')))
    // there the packages of the first stage are still there in the last
    const once = ofWorkflow.filter((command, index) => ofWorkflow.indexOf(command) === index)
    expect(npmCommands(jenkinsfile)).toEqual(once)
    const { scripts } = JSON.parse(read('package.json'))
    for (const command of once.filter((name) => name !== 'npm ci'))
      expect(Object.keys(scripts)).toContain(command.replace(/^npm (run )?/, ''))
  })

  test('build the same images: those that manifests name and the Dockerfile has', () => {
    const names = images?.strategy?.matrix.name ?? []
    expect(jenkinsfile.match(/for name in (.*); do/)?.[1]?.split(' ')).toEqual(names)
    const listed = parse(read('k8s/components/images/kustomization.yaml')).images as { name: string }[]
    expect(listed.map(({ name }) => name)).toEqual(names.map((name) => `quickticket-${name}`))
    for (const name of names) expect(read('services/Dockerfile')).toContain(` AS ${name}\n`)
  })

  test('for two architectures, by commit, with a bill of materials and where it comes from', () => {
    const build = images?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))?.with
    expect(build).toMatchObject({
      platforms: 'linux/amd64,linux/arm64',
      push: true,
      sbom: true,
      provenance: 'mode=max',
    })
    expect(build?.tags).toMatch(/:\$\{\{ github\.sha \}\}$/)
    for (const option of ['linux/amd64,linux/arm64', '--sbom=true', '--provenance=mode=max', ':$GIT_COMMIT'])
      expect(jenkinsfile).toContain(option)
  })

  test('do not start again for the commit that they make', () => {
    const message = runs(tag)
      .join('\n')
      .match(/git commit -m "(.*?)\$/)?.[1]
    expect(testJob?.if).toContain(`'${message}'`)
    expect([images?.needs, manifests?.needs, tag?.needs]).toEqual(['test', 'images', 'manifests'])
    expect(jenkinsfile).toContain(`commit -m "${message}$GIT_COMMIT"`)
    const stages = jenkinsfile.split("stage('").slice(1)
    for (const stage of stages) expect(stage).toContain(`not { changelog '^${message}.*' }`)
  })
})

describe('the workflow of a student', () => {
  test('builds images of services that have a directory, and may push them', () => {
    const { permissions, jobs } = parse(ownWorkflow)
    expect(permissions).toEqual({ contents: 'read', packages: 'write' })
    const services =
      runs(jobs.build)
        .join('\n')
        .match(/for service in (.*); do/)?.[1]
        ?.split(' ') ?? []
    expect(services).toEqual(['gateway', 'events', 'payments'])
    for (const service of services)
      expect(read(`${service}/Dockerfile`)).toContain(`FROM quickticket-${service}\n`)
  })

  test('writes its tag into the plain manifests, again and again, and leaves all else', () => {
    const directory = mkdtempSync(join(tmpdir(), 'quickticket-tag-'))
    mkdirSync(join(directory, 'k8s'))
    for (const app of PLAIN) copyFileSync(join(k8s, `${app}.yaml`), join(directory, 'k8s', `${app}.yaml`))
    const images = () =>
      PLAIN.map((app) => readFileSync(join(directory, 'k8s', `${app}.yaml`), 'utf8').match(/image: .*/g))
    const before = images().flat()
    const [script = ''] = runs(parse(closing).tag)
    for (const GITHUB_SHA of ['1a2b3c4', '3f2c1d0'])
      execFileSync('bash', ['-ec', script.split('git config')[0] as string], {
        cwd: directory,
        env: { PATH: process.env.PATH, GITHUB_REPOSITORY_OWNER: 'Some-Owner', GITHUB_SHA },
      })
    const own = /image: quickticket-(gateway|events|payments):.*/
    expect(images().flat()).toEqual(
      before.map((image) => image?.replace(own, 'image: ghcr.io/some-owner/quickticket-$1:3f2c1d0')),
    )
    rmSync(directory, { recursive: true })
  })

  test('does not start again for its own commit, by the rule of the sheet', () => {
    const { tag } = parse(closing) as Record<string, Job>
    expect(tag?.if).toBe("!startsWith(github.event.head_commit.message, 'ci:')")
    expect(runs(tag).join('\n')).toContain('git commit -m "ci: ')
  })
})

describe('where images come from', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-images-'))
  const file = join(directory, 'kustomization.yaml')
  afterAll(() => rmSync(directory, { recursive: true }))

  test('is written for all of them', () => {
    copyFileSync(join(k8s, 'components/images/kustomization.yaml'), file)
    setImages('ghcr.io/someone', '3f2c1d0', file)
    const changed = parse(readFileSync(file, 'utf8')).images as Record<string, string>[]
    expect(changed).toHaveLength(7)
    for (const { name, newName, newTag } of changed)
      expect([newName, newTag]).toEqual([`ghcr.io/someone/${name}`, '3f2c1d0'])
    expect(readFileSync(file, 'utf8')).toMatch(/^# Where the images/)
    expect(parse(readFileSync(file, 'utf8')).components).toEqual(['../registry-credentials'])
  })

  test.each([
    ['ghcr.io/Someone', '3f2c1d0', 'lower case'],
    ['ghcr.io/someone', 'no tag', 'no tag of an image'],
  ])('%s %s is refused', (registry, name, message) => {
    expect(() => setImages(registry, name, file)).toThrow(message)
  })
})

function runs(job: Job | undefined): string[] {
  return job?.steps.flatMap(({ run }) => run ?? []) ?? []
}

/** npm ci, npm run lint, … without arguments */
function npmCommands(text: string): string[] {
  return text.match(/npm (?:ci|test|run \w+)/g) ?? []
}
