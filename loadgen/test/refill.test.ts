import { migrateUp, seed } from '@quickticket/migrations/runner'
import { emptyDatabase, quiet } from '@quickticket/testing/stores'
import { expect, inject, test } from 'vitest'
import { gatewayWith, loadgen } from './command.ts'

test('--refill makes seats free before the load', async () => {
  const database = await emptyDatabase()
  await migrateUp(database.client, quiet)
  await seed(database.client)
  const gateway = await gatewayWith()
  const variables = { ...database.variables, HOLD_STORE: 'memory' }
  const { code, counts } = await loadgen(['5', '1', '--refill'], gateway.url, variables)
  expect([code, counts.total]).toEqual([0, 5])
  const { rows } = await database.client.query('SELECT DISTINCT total_tickets - sold AS free FROM events')
  expect(rows).toEqual([{ free: 100_000 }])
  await database.drop()
})

test('--refill that is not possible ends before any load, in one line', async () => {
  const gateway = await gatewayWith()
  const url = new URL(inject('postgresUrl'))
  const variables = { DB_HOST: url.hostname, DB_PORT: url.port, DB_NAME: 'nowhere', HOLD_STORE: 'memory' }
  const { code, errors } = await loadgen(['5', '1', '--refill'], gateway.url, variables)
  expect(code).toBe(2)
  expect(errors.trim().split('\n')).toEqual([expect.stringMatching(/^loadgen: --refill: .*not possible/)])
  expect(gateway.requests).toEqual([])
})
