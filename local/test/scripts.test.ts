import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { REPOSITORY } from '../src/data-dir.ts'
import { SCRIPTS } from '../src/scripts.ts'

// three dozen processes
vi.setConfig({ testTimeout: 120_000 })

const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
/** Those that are programs of this project. */
const own = Object.entries(scripts).filter(
  ([name, command]) => command.startsWith('node ') && name !== 'test:nightly',
)

test('npm run help has every script of package.json, once', () => {
  const told = SCRIPTS.flatMap((group) => Object.keys(group.scripts))
  expect(told.toSorted()).toEqual(Object.keys(scripts).toSorted())
})

test('--help of each is told on standard output, and nothing is written', async () => {
  const before = madeFiles()
  const results = await runAll('--help')
  for (const { name, code, stdout, stderr } of results) {
    expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' })
    expect({ name, lines: stdout.trim().split('\n').length }).toEqual({ name, lines: expect.any(Number) })
    expect(stdout).toMatch(/\S/)
  }
  expect(madeFiles()).toEqual(before)
})

test('an option that there is not is refused with exit code 2, and without a stack', async () => {
  const before = madeFiles()
  for (const { name, code, stdout, stderr } of await runAll('--no-such-option')) {
    expect({ name, code, stdout }).toEqual({ name, code: 2, stdout: '' })
    expect(stderr).toContain('--no-such-option')
    expect(stderr).not.toMatch(/^ +at /m)
  }
  expect(madeFiles()).toEqual(before)
})

async function runAll(option: string) {
  const results: Awaited<ReturnType<typeof run>>[] = []
  const waiting = own.values()
  const worker = async () => {
    for (const [name, command] of waiting) results.push(await run(name, command, option))
  }
  await Promise.all([worker(), worker()])
  return results
}

async function run(name: string, command: string, option: string) {
  const [, ...args] = command.split(' ')
  const child = spawn(process.execPath, [...args, option], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    // one that does not know --help may never end
    timeout: 30_000,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { name, code: code as number, stdout, stderr }
}

/** When the files were written that generators make. */
function madeFiles(): Record<string, number> {
  const directories = [
    'monitoring/grafana',
    'monitoring/prometheus/rules',
    'k8s/golden',
    'k8s/chart/templates',
  ]
  const files = directories.flatMap((directory) =>
    readdirSync(join(REPOSITORY, directory), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(REPOSITORY, directory, file),
    ),
  )
  return Object.fromEntries(files.map((file) => [file, statSync(file).mtimeMs]))
}
