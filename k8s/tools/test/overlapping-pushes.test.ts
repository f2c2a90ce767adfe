import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { k8s } from '../src/files.ts'
import { findTool, NO_TOOL } from '../src/tools.ts'

const root = join(k8s, '..')
const { jobs } = parse(readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8'))
const canRender = findTool('kubectl') !== undefined
if (!canRender) console.warn(`the jobs that name images are skipped: ${NO_TOOL}`)

/** The scripts of the workflow's last two jobs, on a repository of their own whose origin is a directory. */
describe.skipIf(!canRender)('pushes that overlap', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-pushes-'))
  const origin = join(directory, 'origin.git')
  const developer = join(directory, 'developer')
  let first: string
  let second: string

  beforeAll(() => {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', origin])
    execFileSync('git', ['clone', '--quiet', origin, developer], { stdio: 'ignore' })
    for (const path of ['k8s', 'monitoring', 'docs/runbooks', 'package.json'])
      cpSync(join(root, path), join(developer, path), { recursive: true })
    writeFileSync(join(developer, '.gitignore'), 'node_modules\nimages.patch\n')
    first = push('first')
    second = push('second')
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('each name their images, and a push that comes in between is kept', () => {
    finish(first)
    expect(imagesNamed()).toEqual([first])
    finish(second, () => push('third'))
    expect(imagesNamed()).toEqual([second])
    expect(git(developer, 'log', '--format=%s', '-3').split('\n')).toEqual([
      `ci: images of ${second}`,
      'third',
      `ci: images of ${first}`,
    ])
  }, 60_000)

  test('leave the newest named when the older run is started again', () => {
    finish(first)
    expect(imagesNamed()).toEqual([second])
  })

  test('run packages where nothing can be written, and without their install scripts', () => {
    const writing = Object.values(jobs as Record<string, Job>).filter(
      ({ permissions }) => permissions?.contents === 'write',
    )
    expect(writing).toEqual([jobs.tag])
    expect(script(jobs.tag)).not.toMatch(/\b(npm|npx|node)\b/)
    expect(script(jobs.manifests)).toContain('npm ci --ignore-scripts\n')
    for (const { steps } of Object.values(jobs as Record<string, Job>))
      for (const { uses, with: options } of steps.filter((step) =>
        step.uses?.startsWith('actions/checkout@'),
      ))
        expect(options, uses).toMatchObject({ 'persist-credentials': false })
  })

  /** A developer's commit, on top of all that is there. */
  function push(message: string): string {
    git(developer, 'fetch', '--quiet', 'origin')
    if (git(developer, 'branch', '--remotes')) git(developer, 'reset', '--quiet', '--hard', 'origin/main')
    appendFileSync(join(developer, 'README.md'), `${message}\n`)
    git(developer, 'add', '.')
    git(developer, '-c', 'user.name=d', '-c', 'user.email=d@localhost', 'commit', '--quiet', '-m', message)
    git(developer, 'push', '--quiet', 'origin', 'HEAD:main')
    return git(developer, 'rev-parse', 'HEAD')
  }

  /** What the run of a commit does when its images are there; `between` comes after the first of the two jobs. */
  function finish(commit: string, between: () => void = () => undefined): void {
    const patch = inCheckout(commit, jobs.manifests, (checkout) =>
      readFileSync(join(checkout, 'images.patch'), 'utf8'),
    )
    between()
    inCheckout(commit, jobs.tag, () => undefined, patch)
  }

  function inCheckout<T>(commit: string, job: Job, result: (checkout: string) => T, patch?: string): T {
    const checkout = mkdtempSync(join(directory, 'checkout-'))
    git(checkout, 'clone', '--quiet', origin, '.')
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
    // as a job that started before the push in between
    if (patch !== undefined) writeFileSync(join(checkout, 'images.patch'), patch)
    execFileSync('bash', ['-e', '-c', script(job).replace('npm ci --ignore-scripts\n', '')], {
      cwd: checkout,
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        GITHUB_SHA: commit,
        GITHUB_REF_NAME: 'main',
        GITHUB_REPOSITORY_OWNER: 'Some-Owner',
        TOKEN: 'token',
      },
      stdio: 'pipe',
    })
    return result(checkout)
  }

  function imagesNamed(): string[] {
    git(developer, 'fetch', '--quiet', 'origin')
    git(developer, 'reset', '--quiet', '--hard', 'origin/main')
    const file = join(developer, 'k8s/components/images/kustomization.yaml')
    const { images } = parse(readFileSync(file, 'utf8')) as { images: { newTag: string }[] }
    return [...new Set(images.map(({ newTag }) => newTag))]
  }
})

interface Job {
  permissions?: Record<string, string>
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[]
}

function script({ steps }: Job): string {
  return steps.flatMap(({ run }) => (run ? `${run.trimEnd()}\n` : [])).join('')
}

function git(directory: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}
