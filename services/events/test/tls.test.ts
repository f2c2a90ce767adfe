import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { ConfigError, loadConfig } from '@quickticket/kit/config'
import { connect as connectForMigrations } from '@quickticket/migrations/connect'
import { captureLog } from '@quickticket/testing/captured-log'
import { makeCertificate } from '@quickticket/testing/certificate'
import { noRedis } from '@quickticket/testing/stores'
import { listenForTest } from '@quickticket/testing/upstream-servers'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { variables } from '../src/config.ts'
import { connectHolds, connectPostgres } from '../src/connections.ts'

const { log } = captureLog()
const right = makeCertificate({ dns: ['localhost'], ip: ['127.0.0.1'] })
const otherName = makeCertificate({ dns: ['else.invalid'] })
const stranger = makeCertificate({ dns: ['localhost'] })

function fileOf({ cert }: { cert: string }): string {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-tls-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'ca.pem'), cert)
  return join(directory, 'ca.pem')
}

function pass(from: Socket, target: URL): void {
  const to = connect(Number(target.port), target.hostname)
  from.on('error', () => to.destroy()).pipe(to)
  to.on('error', () => from.destroy()).pipe(from)
}

/** PostgreSQL begins in plain text, and takes a request for TLS of 8 bytes first. */
async function tlsPostgres(certificate: { cert: string; key: string }): Promise<string> {
  const server = createServer((socket) => {
    socket.once('data', (request) => {
      // without TLS, as pg_hba.conf refuses it with hostssl only
      if (request.length !== 8) return socket.destroy()
      socket.write('S')
      pass(new TLSSocket(socket, { isServer: true, ...certificate }), new URL(inject('postgresUrl')))
    })
  })
  await listenForTest(server, 0, '127.0.0.1')
  return String((server.address() as AddressInfo).port)
}

const database = new URL(inject('postgresUrl'))
const configOf = (environment: Record<string, string>) =>
  loadConfig(variables, {
    DB_HOST: 'localhost',
    DB_NAME: database.pathname.slice(1),
    DB_USER: database.username,
    DB_PASS: database.password,
    ...environment,
  })

/** What the service, and the commands, say to a PostgreSQL with this certificate. */
async function ask(certificate: { cert: string; key: string }, environment: Record<string, string>) {
  const config = configOf({ DB_PORT: await tlsPostgres(certificate), ...environment })
  const pool = connectPostgres(config, log)
  onTestFinished(() => pool.end())
  const codeOf = (error: { code?: string; cause?: { code?: string } }) => error.cause?.code ?? error.code
  const once = { waitMs: 0, pauseMs: 1 }
  return Promise.all([
    pool.query('SELECT 1').then(() => 'ok', codeOf),
    connectForMigrations(config, log, 'test', once).then((client) => client.end().then(() => 'ok'), codeOf),
  ])
}

describe('over TLS to PostgreSQL', () => {
  test('require takes any certificate', async () => {
    expect(await ask(stranger, { DB_SSLMODE: 'require' })).toEqual(['ok', 'ok'])
  })

  test('require with a file of those who vouch for it, verify-ca and verify-full take no stranger', async () => {
    const DB_SSLROOTCERT = fileOf(right)
    for (const DB_SSLMODE of ['require', 'verify-ca', 'verify-full']) {
      expect(await ask(right, { DB_SSLMODE, DB_SSLROOTCERT })).toEqual(['ok', 'ok'])
      const refused = expect.stringMatching(/SELF_SIGNED|SIGNATURE|VERIFY/)
      expect(await ask(stranger, { DB_SSLMODE, DB_SSLROOTCERT })).toEqual([refused, refused])
    }
    const alone = await ask(right, { DB_SSLMODE: 'verify-full' })
    expect(alone).toEqual(['DEPTH_ZERO_SELF_SIGNED_CERT', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
  })

  test('only verify-full looks at the name', async () => {
    const DB_SSLROOTCERT = fileOf(otherName)
    expect(await ask(otherName, { DB_SSLMODE: 'verify-ca', DB_SSLROOTCERT })).toEqual(['ok', 'ok'])
    const refused = 'ERR_TLS_CERT_ALTNAME_INVALID'
    expect(await ask(otherName, { DB_SSLMODE: 'verify-full', DB_SSLROOTCERT })).toEqual([refused, refused])
  })

  test('disable speaks none', async () => {
    expect(await ask(right, {})).not.toContain('ok')
  })

  test('verify-ca without a file is refused', () => {
    expect(() => connectPostgres(configOf({ DB_SSLMODE: 'verify-ca' }), log)).toThrow(ConfigError)
  })
})

describe.skipIf(noRedis)('over TLS to Redis', () => {
  async function holdsBehind(
    certificate: { cert: string; key: string },
    environment: Record<string, string>,
  ) {
    const server = createTlsServer(certificate, (socket) => pass(socket, new URL(inject('redisUrl'))))
    server.on('tlsClientError', () => undefined)
    await listenForTest(server, 0, '127.0.0.1')
    const REDIS_PORT = String((server.address() as AddressInfo).port)
    const captured = captureLog()
    const config = configOf({ REDIS_HOST: 'localhost', REDIS_PORT, ...environment })
    const holds = connectHolds(config, captured.log)
    onTestFinished(() => holds.close())
    return { holds, captured }
  }

  test('a Redis that the file vouches for is used', async () => {
    const { holds } = await holdsBehind(right, { REDIS_TLS: 'true', REDIS_CA_FILE: fileOf(right) })
    await vi.waitFor(() => holds.ping(), 10_000)
  })

  test.each([
    ['a stranger', stranger, right],
    ['a Redis of another name', otherName, otherName],
  ])('%s is not', async (_who, certificate, trusted) => {
    const { captured } = await holdsBehind(certificate, { REDIS_TLS: 'true', REDIS_CA_FILE: fileOf(trusted) })
    await captured.until(({ msg }) => msg === 'Redis connection lost')
    expect(captured.text()).toMatch(/self-signed|signature|altnames/)
    expect(captured.text()).not.toContain('Redis connected')
  })
})
