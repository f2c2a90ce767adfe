import { createLogTo } from '@quickticket/kit/log'
import { migrateUp } from '@quickticket/migrations/runner'
import { type Database, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { awaitTables } from '../src/await-tables.ts'

let database: Database
let messages: string[]
const log = createLogTo({ write: (line) => void messages.push(JSON.parse(line).msg) }, 'test', 'info')

beforeEach(async () => {
  database = await emptyDatabase()
  messages = []
})
afterEach(() => database.drop())

test('a backup that comes before the migrations waits for them, and says so once', async () => {
  const waiting = awaitTables(database.client, log, { pauseMs: 1 })
  await expect.poll(() => messages.length, { timeout: 20_000 }).toBe(1)
  await migrateUp(await database.connect(), quiet)
  await waiting
  expect(messages).toEqual(['the database is still empty, waiting for the tables events and orders'])
})

test('a database that stays empty is waited for no longer than that', async () => {
  await awaitTables(database.client, log, { waitMs: 50, pauseMs: 1 })
  expect(messages).toHaveLength(1)
})

test('a database that has only lost a table is not waited for', async () => {
  await migrateUp(database.client, quiet)
  await database.client.query('DROP TABLE orders CASCADE')
  await awaitTables(database.client, log)
  expect(messages).toEqual([])
})
