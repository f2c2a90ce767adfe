import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { clientOf, connectionsOf, GET, listenForTest, urlOf } from '@quickticket/testing/upstream-servers'
import { describe, expect, onTestFinished, test } from 'vitest'

const noOpenssl = spawnSync('openssl', ['version']).status !== 0

describe.skipIf(noOpenssl)('over TLS, with a certificate from openssl,', () => {
  test('an upstream is asked by name and by address, and a connection is used again', async () => {
    const { server, certificateFile } = await serveTls('DNS:localhost,IP:127.0.0.1')
    const connections = connectionsOf(server)
    const { port } = server.address() as AddressInfo
    expect(await askFromProcess(`https://localhost:${port}`, certificateFile)).toEqual([
      { status: 200, body: `localhost:${port} localhost http/1.1` },
      { status: 200, body: `localhost:${port} localhost http/1.1` },
    ])
    expect(connections).toHaveLength(1)
    // RFC 6066, section 3: an address is not sent as a name
    expect(await askFromProcess(`https://127.0.0.1:${port}`, certificateFile)).toEqual([
      { status: 200, body: `127.0.0.1:${port} false http/1.1` },
      { status: 200, body: `127.0.0.1:${port} false http/1.1` },
    ])
    expect(connections).toHaveLength(2)
  })

  test('a certificate that is not trusted is unreachable', async () => {
    const { server } = await serveTls('IP:127.0.0.1')
    await expect(clientOf(urlOf(server, 'https')).request(GET)).rejects.toMatchObject({
      failure: 'unreachable',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
  })

  test('a trusted certificate of another host is unreachable', async () => {
    const { server, certificateFile } = await serveTls('DNS:else.invalid,IP:127.0.0.9')
    const { port } = server.address() as AddressInfo
    const failure = { failure: 'unreachable', code: 'ERR_TLS_CERT_ALTNAME_INVALID' }
    for (const host of ['localhost', '127.0.0.1'])
      expect(await askFromProcess(`https://${host}:${port}`, certificateFile)).toEqual([failure, failure])
  })
})

/** Answers with the host, the name and the protocol that it was asked for. */
async function serveTls(names: string): Promise<{ server: Server; certificateFile: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'quickticket-tls-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names}`, '-days', '2']
  const made = spawnSync('openssl', ['req', '-x509', ...curve, ...subject, '-out', certificateFile])
  expect(made.status, String(made.stderr)).toBe(0)
  const [key, cert] = await Promise.all([readFile(keyFile), readFile(certificateFile)])
  const server = createServer({ key, cert }, ({ headers, socket }, response) => {
    const { servername, alpnProtocol } = socket as TLSSocket & { servername: string | false }
    response.end(`${headers.host} ${servername} ${alpnProtocol}`)
  })
  await listenForTest(server, 0, '127.0.0.1')
  return { server, certificateFile }
}

/** Asks twice, from a process of its own: Node reads NODE_EXTRA_CA_CERTS only at its start. */
async function askFromProcess(url: string, certificateFile: string): Promise<unknown> {
  const client = fileURLToPath(new URL('../src/http-client.ts', import.meta.url))
  const program = `
    import { createUpstream } from ${JSON.stringify(client)}
    const upstream = createUpstream('test', ${JSON.stringify(url)})
    const ask = () =>
      upstream.request({ method: 'GET', path: '/', timeoutMs: 20_000 }).then(
        ({ status, body }) => ({ status, body: body.toString() }),
        ({ failure, cause }) => ({ failure, code: cause.code }),
      )
    const answers = [await ask()]
    // undici uses a connection again when the event loop has turned
    setImmediate(async () => {
      answers.push(await ask())
      console.log(JSON.stringify(answers))
      await upstream.close()
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certificateFile },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return json(child.stdout)
}
