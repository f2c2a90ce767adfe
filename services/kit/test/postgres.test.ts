import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { captureLog } from '@quickticket/testing/captured-log'
import type pg from 'pg'
import { afterAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { createPing, createPostgres, type PostgresOptions } from '../src/postgres.ts'
import { postgresProblem } from '../src/postgres-problem.ts'
import { Problem } from '../src/problem.ts'

const pools: pg.Pool[] = []
afterAll(() => Promise.all(pools.map((pool) => pool.end())))

const url = new URL(inject('postgresUrl'))

function connect(options: Partial<PostgresOptions> = {}, log = captureLog().log): pg.Pool {
  const pool = createPostgres(
    {
      host: url.hostname,
      port: Number(url.port),
      database: url.pathname.slice(1),
      user: url.username,
      password: url.password,
      maxConnections: 2,
      acquireTimeoutMs: 5000,
      statementTimeoutMs: 5000,
      lockTimeoutMs: 5000,
      ...options,
    },
    log,
  )
  pools.push(pool)
  return pool
}

const problemOf = (failing: Promise<unknown>) =>
  failing.then(
    () => undefined,
    (error: unknown) => postgresProblem(error),
  )

describe('a failed query becomes', () => {
  test('503 when no server listens', async () => {
    expect(await problemOf(connect({ port: 1 }).query('SELECT 1'))).toMatchObject({
      status: 503,
      code: 'database_unavailable',
      message: 'The database is not available',
      headers: { 'retry-after': '1' },
    })
  })

  test.each([
    ['the host has no address', { host: 'nobody.invalid' }],
    ['the database is not there', { database: 'nowhere' }],
    ['the user is not known', { user: 'nobody' }],
  ])('503 when %s', async (_why, options) => {
    const problem = await problemOf(connect(options).query('SELECT 1'))
    expect(problem).toMatchObject({ status: 503, code: 'database_unavailable' })
  })

  test('503 when all connections stay busy', async () => {
    const pool = connect({ maxConnections: 1, acquireTimeoutMs: 1000 })
    const busy = await pool.connect()
    expect(await problemOf(pool.query('SELECT 1'))).toMatchObject({ status: 503, code: 'database_busy' })
    busy.release()
  })

  test('503 when a statement takes too long', async () => {
    const pool = connect({ statementTimeoutMs: 50 })
    expect(await problemOf(pool.query('SELECT pg_sleep(10)'))).toMatchObject({
      status: 503,
      code: 'database_busy',
    })
  })

  test('503 when a lock is not free in time', async () => {
    const holder = await connect().connect()
    await holder.query('BEGIN; SELECT pg_advisory_xact_lock(4711)')
    const pool = connect({ lockTimeoutMs: 50 })
    expect(await problemOf(pool.query('SELECT pg_advisory_xact_lock(4711)'))).toMatchObject({
      status: 503,
      code: 'database_busy',
    })
    await holder.query('ROLLBACK')
    holder.release()
  })

  test('503 when the server ends the connection', async () => {
    const problem = await problemOf(connect().query('SELECT pg_terminate_backend(pg_backend_pid())'))
    expect(problem).toMatchObject({ status: 503, code: 'database_unavailable' })
  })

  test('500 when a table is missing, without a word of SQL', async () => {
    const problem = await problemOf(connect().query('SELECT * FROM no_such_table'))
    expect(problem).toMatchObject({
      status: 500,
      code: 'database_error',
      message: 'The database could not answer',
    })
    expect(problem?.cause).toMatchObject({ code: '42P01' })
  })

  test('what it was when it is a problem already', () => {
    const problem = new Problem(404, 'not_found', 'Not Found')
    expect(postgresProblem(problem)).toBe(problem)
  })

  test.each([
    ['ECONNREFUSED', 503, 'database_unavailable'],
    ['EAI_AGAIN', 503, 'database_unavailable'],
    ['08006', 503, 'database_unavailable'],
    ['53300', 503, 'database_unavailable'],
    ['57P01', 503, 'database_unavailable'],
    ['57P03', 503, 'database_unavailable'],
    ['40001', 503, 'database_busy'],
    ['40P01', 503, 'database_busy'],
    ['55P03', 503, 'database_busy'],
    ['57014', 503, 'database_busy'],
    ['22P02', 500, 'database_error'],
    ['23514', 500, 'database_error'],
  ])('by its code %s: %i %s', (code, status, name) => {
    expect(postgresProblem(Object.assign(new Error('no'), { code }))).toMatchObject({ status, code: name })
  })
})

test('a pool survives the loss of its idle connections', async () => {
  const captured = captureLog()
  const pool = connect({}, captured.log)
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await connect().query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
  await captured.until((line) => line.msg === 'lost an idle PostgreSQL connection')
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
})

test('an idle connection is probed, long before it would be closed as idle', async () => {
  const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
  onTestFinished(() => keepAlive.mockRestore())
  await connect().query('SELECT 1')
  expect(keepAlive.mock.calls).toEqual([[true, 10_000]])
})

describe('a ping', () => {
  test('is answered by a server that is there', async () => {
    await expect(createPing(connect())()).resolves.toBeUndefined()
  })

  test('fails when the server is not there', async () => {
    await expect(createPing(connect({ port: 1 }))()).rejects.toThrow()
  })

  test('does not queue behind requests that are being answered', async () => {
    const pool = connect({ maxConnections: 1 })
    const ping = createPing(pool)
    await pool.query('SELECT 1')
    const busy = await pool.connect()
    const queued = pool.query('SELECT 1')
    await ping()
    busy.release()
    await queued
  })

  test('fails when connections are taken and nothing is answered', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    await expect(createPing(connect({ port, host: '127.0.0.1', acquireTimeoutMs: 50 }))()).rejects.toThrow()
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
})
