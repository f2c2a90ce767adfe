import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as NetServer,
  type Socket,
} from 'node:net'
import { createUpstream, type Upstream } from '@quickticket/kit/http-client'
import { onTestFinished } from 'vitest'

export const GET = { method: 'GET', path: '/', timeoutMs: 20_000 } as const

type Listener = RequestListener | ((...of: Parameters<RequestListener>) => unknown)

/** A client and its server. */
export async function upstreamOf(listener: Listener): Promise<{ upstream: Upstream; connections: Socket[] }> {
  const server = await serve(listener)
  return { upstream: clientOf(urlOf(server)), connections: connectionsOf(server) }
}

/** A client, and a server on a plain socket, for invalid answers: `answer` is called for each request, which has no body. */
export async function rawUpstreamOf(answer: (connection: Socket, request: string) => unknown) {
  const server = createTcpServer((connection) => {
    let unread = ''
    connection.setEncoding('latin1').on('data', (text: string) => {
      unread += text
      for (let end = unread.indexOf('\r\n\r\n'); end >= 0; end = unread.indexOf('\r\n\r\n')) {
        const request = unread.slice(0, end)
        unread = unread.slice(end + 4)
        answer(connection, request)
      }
    })
  })
  const connections = connectionsOf(server)
  await listenForTest(server, 0, '127.0.0.1')
  return { upstream: clientOf(urlOf(server)), connections }
}

export function clientOf(url: string): Upstream {
  const upstream = createUpstream('test', url)
  onTestFinished(() => upstream.close())
  return upstream
}

export async function serve(listener: Listener, port = 0, host = '127.0.0.1'): Promise<Server> {
  const server = createServer(listener as RequestListener)
  await listenForTest(server, port, host)
  return server
}

/** All connections that the server accepts from now on. */
export function connectionsOf(server: NetServer): Socket[] {
  const connections: Socket[] = []
  server.on('connection', (connection: Socket) => connections.push(connection))
  return connections
}

export async function ended(connection: Socket | undefined): Promise<void> {
  if (!connection?.closed) await new Promise((resolve) => connection?.once('close', resolve))
}

export async function listenForTest(server: NetServer, port: number, host: string): Promise<void> {
  const connections = connectionsOf(server)
  // tests break connections on purpose
  server.on('connection', (connection: Socket) => connection.on('error', () => {}))
  server.listen(port, host)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const connection of connections) connection.destroy()
  })
}

export function urlOf(server: NetServer, protocol = 'http'): string {
  const { address, family, port } = server.address() as AddressInfo
  return `${protocol}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
