import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, describeSchema, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHANGES, EXTENSION, readChanges } from '../src/changes.ts'
import { EditedChange, readHistory } from '../src/history.ts'
import { baseline, migrateDown, migrateUp, redo } from '../src/runner.ts'
import { readStatus } from '../src/status.ts'

const NAMES = (await readChanges()).map(({ name }) => name)

let database: Database
/** a copy of the changes that a test may edit */
let directory: string
beforeEach(async () => {
  database = await emptyDatabase()
  directory = mkdtempSync(join(tmpdir(), 'quickticket-changes-'))
  cpSync(CHANGES, directory, { recursive: true })
})
afterEach(async () => {
  rmSync(directory, { recursive: true })
  await database.drop()
})

const up = () => migrateUp(database.client, quiet, { directory })
const applied = async () => (await readHistory(database.client)).map(({ name }) => name)
const fileOf = (name: string | undefined) =>
  join(directory, readdirSync(directory).find((file) => file.replace(EXTENSION, '') === name) as string)
function edit(name: string, change: (text: string) => string): void {
  const path = fileOf(name)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

describe('a change that was edited after it had been applied', () => {
  beforeEach(async () => {
    await up()
    edit('0003_checkouts', (text) => text.replace('reservation_id text', 'reservation_id varchar(64)'))
  })

  test('is noticed by up, down and redo, which then do nothing', async () => {
    const refused = expect.objectContaining({
      message: expect.stringMatching(/^0003_checkouts was edited after/),
    })
    for (const work of [
      up,
      () => migrateDown(database.client, quiet, 1, { directory }),
      () => redo(database.client, quiet, { directory }),
    ]) {
      await expect(work()).rejects.toThrow(EditedChange)
      await expect(work()).rejects.toEqual(refused)
    }
    expect(await applied()).toEqual(NAMES)
  })

  test('is shown by status', async () => {
    const { lines, edited } = await readStatus(database.client, directory)
    expect(edited).toBe(1)
    expect(lines.filter((line) => line.endsWith('EDITED since'))).toEqual([
      expect.stringMatching(/^0003_checkouts {2,}applied /),
    ])
  })

  test('is taken as it is by baseline', async () => {
    await baseline(database.client, quiet, '0003_checkouts', { directory })
    expect(await up()).toEqual([])
  })
})

test('line ends of another system are no edit', async () => {
  await up()
  for (const name of NAMES) edit(name, (text) => text.replaceAll('\n', '\r\n'))
  expect(await up()).toEqual([])
})

test('a database from before there were checksums gets them, and edits are noticed from then on', async () => {
  await up()
  await database.client.query('ALTER TABLE schema_migrations DROP COLUMN checksum')
  expect((await readStatus(database.client, directory)).edited).toBe(0)
  expect(await up()).toEqual([])
  expect((await readHistory(database.client)).map(({ checksum }) => checksum)).not.toContain(null)
  edit('0001_baseline', (text) => `${text}\n`)
  await expect(up()).rejects.toThrow(EditedChange)
})

test('a change that this version does not have is left alone by up, and refused by down', async () => {
  await up()
  rmSync(fileOf(NAMES.at(-1)))
  expect(await up()).toEqual([])
  await expect(migrateDown(database.client, quiet, 1, { directory })).rejects.toThrow(
    `there is no change ${NAMES.at(-1)}`,
  )
  expect(await applied()).toEqual(NAMES)
})

describe('status', () => {
  const states = async () =>
    (await readStatus(database.client, directory)).lines.map((line) => line.replace(/ \d{4}-\S+Z/, ' <time>'))

  test('leaves an empty database as it is', async () => {
    expect(await states()).toEqual(NAMES.map((name) => expect.stringMatching(`^${name} +pending$`)))
    expect(
      (await database.client.query('SELECT FROM pg_tables WHERE schemaname = $1', ['public'])).rowCount,
    ).toBe(0)
  })

  test('says what is applied and what is not', async () => {
    await up()
    await migrateDown(database.client, quiet, 1, { directory })
    const expected = NAMES.map((name, index) =>
      index < NAMES.length - 1 ? `${name} applied <time>` : `${name} pending`,
    )
    expect((await states()).map((line) => line.replace(/ +/g, ' '))).toEqual(expected)
  })

  test('names a change that this version does not have', async () => {
    await up()
    rmSync(fileOf(NAMES.at(-1)))
    expect((await states()).at(-1)).toMatch(
      new RegExp(`^${NAMES.at(-1)} +applied, but there is no such file$`),
    )
  })
})

test('redo takes the last change back and makes it again', async () => {
  await up()
  const schema = await describeSchema(database.client)
  await database.client.query('DROP INDEX idx_events_event_date')
  expect(await redo(database.client, quiet, { directory })).toEqual([NAMES.at(-1)])
  expect(await describeSchema(database.client)).toEqual(schema)
  expect(await applied()).toEqual(NAMES)
})

describe('baseline', () => {
  test('records the first change and runs nothing', async () => {
    expect(await baseline(database.client, quiet, undefined, { directory })).toEqual(['0001_baseline'])
    expect(await applied()).toEqual(['0001_baseline'])
    expect(await describeSchema(database.client)).toEqual([])
  })

  test('records all changes up to a named one, and up goes on from there', async () => {
    await up()
    await database.client.query('DROP TABLE schema_migrations')
    const last = NAMES.at(-2) as string
    await migrateUpTo(last)
    expect(await applied()).toEqual(NAMES.slice(0, -1))
    expect(await up()).toEqual(NAMES.slice(-1))
  })

  test('names what there is when it is asked for something else', async () => {
    await expect(migrateUpTo('0009_nothing')).rejects.toThrow(
      `there is no change 0009_nothing; there are ${NAMES.join(', ')}`,
    )
  })

  const migrateUpTo = (name: string) => baseline(database.client, quiet, name, { directory })
})
