import { createLogTo } from '@quickticket/kit/log'
import { type Database, emptyDatabase, quiet } from '@quickticket/testing/stores'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withDatabaseLock } from '../src/database-lock.ts'

const SOON = { timeout: 20_000 }
let database: Database
beforeEach(async () => {
  database = await emptyDatabase()
})
afterEach(() => database.drop())

test('the second backup waits until the first is over, also when that one fails', async () => {
  const messages: string[] = []
  const log = createLogTo({ write: (line) => void messages.push(JSON.parse(line).msg) }, 'test', 'info')
  const order: string[] = []
  const [started, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = withDatabaseLock(database.client, quiet, 'backup', () => {
    started.resolve()
    return end.promise
  }).catch(() => order.push('first'))
  await started.promise
  const second = withDatabaseLock(await database.connect(), log, 'backup', async () => order.push('second'))
  await expect.poll(() => messages, SOON).toEqual(['another backup is running, waiting for it'])
  end.reject(new Error('it fails'))
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second'])
})

test('a verification does not wait for a backup', async () => {
  const other = await database.connect()
  const both = withDatabaseLock(database.client, quiet, 'backup', () =>
    withDatabaseLock(other, quiet, 'verification', async () => 'done'),
  )
  expect(await both).toBe('done')
})

test('who was killed holds nothing, also when the server waits for a table on its behalf', async () => {
  const [holder, killed] = [await database.connect(), await database.connect()]
  killed.on('error', () => undefined)
  await holder.query('CREATE TABLE locked ()')
  await holder.query('BEGIN; LOCK TABLE locked')
  const waiting = withDatabaseLock(killed, quiet, 'backup', () => killed.query('SELECT FROM locked'))
  const ended = expect(waiting).rejects.toThrow()
  await expect
    .poll(async () => (await holder.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount, SOON)
    .toBe(1)
  // with a query under way, this closes the socket without a word
  void killed.end()
  await ended
  expect(await withDatabaseLock(database.client, quiet, 'backup', async () => 'done')).toBe('done')
  await holder.query('ROLLBACK')
})
