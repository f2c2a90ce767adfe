import { type AddressInfo, createServer, connect as openSocket, Socket } from 'node:net'
import { loadConfig } from '@quickticket/kit/config'
import { freePort } from '@quickticket/testing/free-port'
import { quiet } from '@quickticket/testing/stores'
import { connectionsOf, listenForTest } from '@quickticket/testing/upstream-servers'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { type Config, variables } from '../src/config.ts'
import { connect, Unreachable } from '../src/connect.ts'

const url = new URL(inject('postgresUrl'))

const configOf = (host: string, port: string | number): Config =>
  loadConfig(variables, {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_NAME: url.pathname.slice(1),
    DB_USER: url.username,
    DB_PASS: url.password,
  })

/** A server that takes every connection, and that nothing is heard of as long as `answer` does not. */
async function listen(answer: (connection: Socket, number: number) => void = () => undefined) {
  const server = createServer()
  const connections = connectionsOf(server)
  server.on('connection', (connection: Socket) => answer(connection, connections.length))
  await listenForTest(server, 0, '127.0.0.1')
  return { config: configOf('127.0.0.1', (server.address() as AddressInfo).port) }
}

test('a server that does not say a word is given up when the time is over', async () => {
  const { config } = await listen()
  const soon = { waitMs: 100, attemptTimeoutMs: 20, pauseMs: 1 }
  const failed = await connect(config, quiet, 'test', soon).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(Unreachable)
  expect(failed).toMatchObject({
    message: `PostgreSQL at 127.0.0.1:${config.DB_PORT} (${config.DB_NAME}, user ${config.DB_USER}): there is no answer: is it running, and are DB_HOST and DB_PORT right?`,
    cause: { message: 'timeout expired' },
  })
})

test('a port without a listener is given up when the time is over, and the reason is told', async () => {
  const config = configOf('127.0.0.1', await freePort())
  await expect(connect(config, quiet, 'test', { waitMs: 100, pauseMs: 1 })).rejects.toMatchObject({
    message: expect.stringContaining('there is no answer'),
    cause: { code: 'ECONNREFUSED' },
  })
})

test('after an attempt that was not answered comes another one', async () => {
  const { config } = await listen((connection, number) => {
    if (number === 1) return
    const postgres = openSocket(Number(url.port), url.hostname).on('error', () => connection.destroy())
    connection.pipe(postgres).pipe(connection)
  })
  const client = await connect(config, quiet, 'test', { attemptTimeoutMs: 1000, pauseMs: 1 })
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await client.end()
})

test('both sides notice within a minute when the other one has vanished', async () => {
  const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
  onTestFinished(() => keepAlive.mockRestore())
  const client = await connect(configOf(url.hostname, url.port), quiet, 'test')
  expect(keepAlive.mock.calls).toEqual([[true, 30_000]])
  const { rows } = await client.query(
    `SELECT current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_interval')::int
            * current_setting('tcp_keepalives_count')::int AS seconds`,
  )
  expect(rows).toEqual([{ seconds: 60 }])
  await client.end()
})
