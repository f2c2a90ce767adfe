import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'

const EXERCISES = join(import.meta.dirname, '..')
const ROOT = join(EXERCISES, '..')
/** inside of the project, so that the files there find its packages; Git does not see it */
const SCRATCH = join(EXERCISES, '.quickticket')

// each test starts vitest in a process of its own
vi.setConfig({ testTimeout: 120_000 })

let directory: string

beforeEach(() => {
  mkdirSync(SCRATCH, { recursive: true })
  directory = mkdtempSync(join(SCRATCH, 'mine-'))
})
afterAll(() => rmSync(SCRATCH, { recursive: true }))

/** As `npm run exercise -- …` runs it. */
function exercise(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = [join(EXERCISES, 'src/main.ts'), ...args, '--directory', directory]
  const { PATH, HOME } = process.env
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: ROOT, env: { PATH, HOME } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

const mine = (name: string) => join(directory, `${name}.ts`)
const shortly = (path: string) => path.slice(ROOT.length + 1)

test('the first run copies the starting points and says what is missing', async () => {
  rmSync(directory, { recursive: true })
  const { code, stdout } = await exercise('sliding-window')
  expect(stdout).toContain(`${shortly(directory)} is new, to start from`)
  expect(readdirSync(directory)).toHaveLength(9)
  expect(readFileSync(mine('sliding-window'), 'utf8')).toContain('TODO')
  expect(stdout).toContain(
    [
      '  open  as many as the limit are admitted, and no more',
      '        five at once: expected [ true, true, true, true, true ] to deeply equal [ true, true, true, false, false ]',
    ].join('\n'),
  )
  expect(stdout).toMatch(/^sliding-window: 0 of 6 requirements are met$/m)
  expect(code).toBe(1)
})

test('a solution of all exercises is reported as complete', async () => {
  cpSync(join(EXERCISES, 'lab11/solution'), directory, { recursive: true })
  // the one that is no line of export
  const pay = readFileSync(mine('pay'), 'utf8')
  writeFileSync(mine('pay'), pay.replace('../shapes.ts', '@quickticket/exercises/lab11/shapes'))
  const { code, stdout, stderr } = await exercise('lab11')
  expect(stderr).toBe('')
  expect(stdout).not.toMatch(/^ {2}open /m)
  expect(stdout.match(/^[\w-]+: (\d+) of \1 requirements are met$/gm)).toHaveLength(9)
  expect(code).toBe(0)
})

test('files of a student stay as they are, and missing ones are copied again', async () => {
  const solution = "export { isTransient } from '@quickticket/gateway/payments-client'\n"
  writeFileSync(mine('is-transient'), solution)
  const { code, stdout } = await exercise('is-transient')
  expect(stdout).not.toContain(mine('is-transient'))
  expect(stdout).toContain(`${shortly(mine('retry'))} is new, to start from`)
  expect(readFileSync(mine('is-transient'), 'utf8')).toBe(solution)
  expect(code).toBe(0)
})

test('a syntax error is reported, and does not hide the other exercises', async () => {
  writeFileSync(mine('is-transient'), 'export function isTransient( {\n')
  const { code, stdout } = await exercise('is-transient', 'sliding-window')
  expect(stdout).toContain('  open  the file can be read')
  expect(stdout).toMatch(/^sliding-window: 0 of 6/m)
  expect(code).toBe(1)
})

test('an error that a solution throws is reported with its line', async () => {
  writeFileSync(mine('is-transient'), 'export function isTransient() {\n  throw new TypeError("oh")\n}\n')
  expect((await exercise('is-transient')).stdout).toContain('TypeError: oh (is-transient.ts, line 2)')
})

test('an unknown name is no exercise', async () => {
  const { code, stderr } = await exercise('fallback')
  expect(stderr).toMatch(/^there is no exercise fallback, only lab11 and notifications, /)
  expect(code).toBe(2)
})

test('docs/labs/lab11.md shows what it writes', async () => {
  const page = readFileSync(join(ROOT, 'docs/labs/lab11.md'), 'utf8')
  const [, name = '', shown = ''] = /npm run exercise -- (\S+)\n```\n\n```text\n(.*?)```/s.exec(page) ?? []
  rmSync(directory, { recursive: true })
  const { stdout } = await exercise(name)
  const written = stdout.replace(shortly(directory), 'exercises/mine/lab11')
  for (const part of shown.split('…\n')) expect(written).toContain(part.trim())
})
