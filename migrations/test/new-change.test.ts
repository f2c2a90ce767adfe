import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Database, describeSchema, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createChange } from '../src/new-change.ts'
import { migrateDown, migrateUp } from '../src/runner.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CHANGES = join(ROOT, 'migrations/changes')
const PAGE = join(ROOT, 'docs/migrations.md')

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quickticket-new-change-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const files = () => readdirSync(directory).toSorted()
const withFiles = (...names: string[]) => {
  for (const name of names) writeFileSync(join(directory, name), '')
}

describe('a new change', () => {
  test.each([
    [[], 'first', '0001_first.ts'],
    [['0001_baseline.ts'], 'add-email', '0002_add-email.ts'],
    [['0001_a.ts', '0009_b.ts', '0010_c.ts'], 'more', '0011_more.ts'],
    [['0001_a.ts'], 'Add email column to events', '0002_add-email-column-to-events.ts'],
    [['0001_a.ts'], ' add_email  twice ', '0002_add-email-twice.ts'],
  ])('beside %j, %j has the next number', async (others, text, file) => {
    withFiles(...others)
    expect(await createChange(text, directory)).toContain(file)
    expect(files()).toEqual([...others, file])
  })

  test.each([
    ['', 'a change needs a name'],
    ['   ', 'a change needs a name'],
    ['2nd-try', 'begins with a letter'],
    ['../../etc/passwd', 'is no name for a change'],
    ['drop;table', 'is no name for a change'],
    ['größe', 'is no name for a change'],
    ['-', 'is no name for a change'],
    ['a'.repeat(61), 'is longer than 60 letters'],
  ])('%j is refused, and nothing is written', async (text, why) => {
    await expect(createChange(text, directory)).rejects.toThrow(why)
    expect(files()).toEqual([])
  })

  test('with the name of another one is refused', async () => {
    withFiles('0004_event-email.ts')
    await expect(createChange('Event email', directory)).rejects.toThrow('there is 0004_event-email already')
    expect(files()).toEqual(['0004_event-email.ts'])
  })

  test('of the same name at the same time is written once', async () => {
    const both = await Promise.allSettled([
      createChange('email', directory),
      createChange('email', directory),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(files()).toEqual(['0001_email.ts'])
  })
})

describe('on a database', () => {
  let database: Database
  beforeEach(async () => {
    database = await emptyDatabase()
    // as far as the course is
    const changes = readdirSync(CHANGES).filter((file) => file < '0004')
    for (const file of changes) cpSync(join(CHANGES, file), join(directory, file))
    await migrateUp(database.client, quiet, { directory })
  })
  afterEach(() => database.drop())

  test('a change that was not described is refused, and nothing is recorded', async () => {
    await createChange('email', directory)
    const schema = await describeSchema(database.client)
    await expect(migrateUp(database.client, quiet, { directory })).rejects.toThrow(
      'syntax error at or near "TODO"',
    )
    expect(await describeSchema(database.client)).toEqual(schema)
    const { rows } = await database.client.query('SELECT name FROM schema_migrations ORDER BY id')
    expect(rows.at(-1)).toEqual({ name: '0003_checkouts' })
  })

  test('the migration of the lab is what docs/migrations.md shows', async () => {
    await createChange('add email column to events', directory)
    const [file = ''] = files().filter((name) => name > '0004')
    expect(file).toBe('0004_add-email-column-to-events.ts')
    const [, shown = ''] = /```ts\n([^`]+)```/.exec(readFileSync(PAGE, 'utf8')) ?? []
    writeFileSync(join(directory, file), shown)

    const before = await describeSchema(database.client)
    expect(await migrateUp(database.client, quiet, { directory })).toEqual([file.replace('.ts', '')])
    expect(await describeSchema(database.client)).toContain('events.email character varying')
    await migrateDown(database.client, quiet, 1, { directory })
    expect(await describeSchema(database.client)).toEqual(before)
  })
})

describe('npm run migrate -- new', () => {
  /** a clone in which files can be written */
  const clone = () => {
    cpSync(join(ROOT, 'migrations'), join(directory, 'migrations'), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    })
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    return (...args: string[]) =>
      spawnSync(process.execPath, ['migrations/src/migrate.ts', 'new', ...args], {
        cwd: directory,
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      })
  }
  const changes = () => readdirSync(join(directory, 'migrations/changes')).toSorted()

  test('writes the next file, says which, and needs no database', () => {
    const run = clone()
    const before = changes()
    const next = String(Number(before.at(-1)?.slice(0, 4)) + 1).padStart(4, '0')
    const { status, stdout, stderr } = run('add', 'a', 'note')
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `migrations/changes/${next}_add-a-note.ts\n`,
      stderr: '',
    })
    expect(changes()).toEqual([...before, `${next}_add-a-note.ts`])
  })

  test.each([
    [[], 'a change needs a name: what it does, such as add-email\n'],
    [['9'], expect.stringMatching(/^"9" is no name for a change: .+\n$/)],
    [['event', 'email'], 'there is 0004_event-email already: give the change another name\n'],
  ])('with %j it says in one line why not', (args, line) => {
    const run = clone()
    const before = changes()
    const { status, stdout, stderr } = run(...args)
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: line })
    expect(changes()).toEqual(before)
  })
})
