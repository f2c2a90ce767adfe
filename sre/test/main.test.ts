import { spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIncident } from '../src/incident/change.ts'
import { openStore } from '../src/store/store.ts'
import { readTime } from '../src/time-option.ts'

let dataDir: string

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quickticket-sre-'))
  const store = openStore(join(dataDir, 'sre.db'))
  createIncident(
    store,
    { title: 'Nothing works', severity: 1, services: [] },
    { author: 'ada', now: Date.now() },
  )
  store.close()
})
afterAll(() => rmSync(dataDir, { recursive: true }))

function sre(args: string[], variables: Record<string, string> = {}, stdout: 'pipe' | number = 'pipe') {
  return spawnSync(process.execPath, [join(REPOSITORY, 'sre/src/main.ts'), ...args], {
    env: {
      PATH: process.env.PATH,
      SRE_DATA_DIR: dataDir,
      PROMETHEUS_URL: 'http://127.0.0.1:2',
      ...variables,
    },
    stdio: ['ignore', stdout, 'pipe'],
    encoding: 'utf8',
  })
}

test('a halted release stays a no when its reader has gone', () => {
  expect(sre(['gate']).status).toBe(1)
  const pipe = spawnSync(
    'bash',
    ['-c', 'set -o pipefail; "$0" sre/src/main.ts gate | true; echo $?', process.execPath],
    {
      cwd: REPOSITORY,
      env: { PATH: process.env.PATH, SRE_DATA_DIR: dataDir, PROMETHEUS_URL: 'http://127.0.0.1:2' },
      encoding: 'utf8',
    },
  )
  expect(pipe.stdout.trim()).toBe('1')
})

// Linux has a disk that is always full
test.runIf(process.platform === 'linux')('an answer that cannot be written is no answer', () => {
  expect(sre(['gate'], {}, openSync('/dev/full', 'w')).status).toBe(2)
})

test.each([
  ['a verb that there is not', ['nosuch', '--json'], {}, '"nosuch" is no verb'],
  ['an option that there is not', ['budget', '--nosuch', '--json'], {}, '--nosuch'],
  [
    'a wrong variable',
    ['incident', 'list', '--json'],
    { SRE_SYSTEM: 'moon' },
    'SRE_SYSTEM="moon" must be one of',
  ],
  [
    'a day that there is not',
    ['budget', '--at', '2026-02-31', '--json'],
    {},
    '--at="2026-02-31" must be a time',
  ],
])('%s: exit code 2, JSON for programs, and one line for people', (_, args, variables, message) => {
  const { status, stdout, stderr } = sre(args, variables)
  expect([status, JSON.parse(stdout).error]).toEqual([2, expect.stringContaining(message)])
  expect(stderr).toContain(message)
  expect(stderr).not.toMatch(/^ +at /m)
})

test.each([
  ['2026-02-03', '2026-02-03T00:00:00.000Z'],
  ['2026-02-03 04:05', '2026-02-03T04:05:00.000Z'],
  ['2026-02-03T04:05:06', '2026-02-03T04:05:06.000Z'],
  ['2026-02-03T04:05:06+01:00', '2026-02-03T03:05:06.000Z'],
])('a time without a zone is UTC: %s', (given, wanted) => {
  expect(new Date(readTime('at', given, Date.now()) as number).toISOString()).toBe(wanted)
})

test.each(['2026-02-31T00:00:00Z', '2026-02-03T25:00:00Z', 'yesterday', '2026', '9999-01-01', '1969-01-01'])(
  '%s is no time of the past',
  (given) => {
    expect(() => readTime('at', given, Date.now())).toThrow(/^--at=".*" must be a time in the past such as/)
  },
)
