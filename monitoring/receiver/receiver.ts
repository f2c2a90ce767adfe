import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { withoutFrontMatter } from './front-matter.ts'
import { createNotices, NotAMessage, type Notice, readMessage } from './notices.ts'
import { alertsPage, runbookList, runbookPage } from './page.ts'

const MAX_BODY_BYTES = 1024 * 1024
const MAX_CONNECTIONS = 100

export interface ReceiverOptions {
  /** holds <name>.md */
  runbooks: string
  /** called for each alert of a message */
  onNotice(notice: Notice): void
  /** called with each message that was taken, as it came */
  onMessage?(body: string): void
}

/** Takes what Alertmanager and Grafana send, shows it at `/` and `/alerts`, and has the runbooks that alerts link to. */
export function createReceiver({ runbooks, onNotice, onMessage }: ReceiverOptions): Server {
  const notices = createNotices()
  /** What is asked on one connection is answered one after the other: answers that are not read do not pile up. */
  const turns = new WeakMap<Socket, Promise<unknown>>()
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 },
    (request, response) => {
      const { socket } = request
      const turn = (turns.get(socket) ?? Promise.resolve())
        .then(() => answer(request))
        .then(
          (reply) => send(response, reply, request.method === 'HEAD'),
          (error: Error) => send(response, plain(500, error.name)),
        )
        .then(() => finished(response))
        // a client that left
        .catch(() => undefined)
      turns.set(socket, turn)
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  return server

  async function answer(request: IncomingMessage): Promise<Reply> {
    const [path = '/'] = (request.url ?? '/').split('?')
    if (request.method === 'POST') return take(request)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return { ...plain(405, 'GET shows alerts, POST takes them'), headers: { allow: 'GET, HEAD, POST' } }
    return show(path, request.headers.accept ?? '')
  }

  function show(path: string, accept: string): Reply {
    if (path === '/') return html(alertsPage(notices.firing(), notices.newest()))
    if (path === '/alerts') return json({ firing: notices.firing(), alerts: notices.newest() })
    if (path === '/livez') return json({ status: 'alive' })
    if (path === '/docs/runbooks/') return html(runbookList(names()))
    const name = /^\/docs\/runbooks\/([a-z0-9-]+)\.md$/.exec(path)?.[1]
    if (name === undefined || !names().includes(name)) return plain(404, 'there is no such page')
    const markdown = withoutFrontMatter(readFileSync(join(runbooks, `${name}.md`), 'utf8'))
    return accept.includes('text/html')
      ? html(runbookPage(name, markdown))
      : { status: 200, type: 'text/markdown; charset=utf-8', body: markdown }
  }

  function names(): string[] {
    return readdirSync(runbooks)
      .filter((file) => /^[a-z0-9-]+\.md$/.test(file))
      .map((file) => file.slice(0, -'.md'.length))
      .sort()
  }

  async function take(request: IncomingMessage): Promise<Reply> {
    // a page of another site can send text, but not JSON
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      return plain(415, 'an alert is application/json')
    const body = await read(request)
    if (body === undefined) return { ...plain(413, 'more than 1 MiB'), headers: { connection: 'close' } }
    try {
      const came = readMessage(body, new Date())
      notices.add(came)
      for (const notice of came) onNotice(notice)
      onMessage?.(body)
      return json({ taken: came.length })
    } catch (error) {
      if (error instanceof NotAMessage) return plain(400, error.message)
      throw error
    }
  }
}

interface Reply {
  status: number
  type: string
  body: string
  headers?: Record<string, string>
}

const plain = (status: number, text: string): Reply => ({ status, type: 'text/plain', body: `${text}\n` })
const html = (body: string): Reply => ({ status: 200, type: 'text/html; charset=utf-8', body })
const json = (content: object): Reply => ({
  status: 200,
  type: 'application/json',
  body: `${JSON.stringify(content)}\n`,
})

/** @returns undefined when it is longer than a message may be */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, { status, type, body, headers }: Reply, headOnly = false): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(headOnly ? undefined : body)
}
