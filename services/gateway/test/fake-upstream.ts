import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'

export interface FakeRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** what was sent as JSON */
  body: unknown
}

export interface FakeUpstream {
  url: string
  /** what was asked so far */
  requests: FakeRequest[]
  /** The first request, now or later. */
  asked(): Promise<FakeRequest>
  close(): void
}

/** Another service, as bad as a test needs it; `answer` may leave the response open. */
export async function fakeUpstream(
  answer: (request: FakeRequest, response: ServerResponse) => unknown,
): Promise<FakeUpstream> {
  const requests: FakeRequest[] = []
  const first = Promise.withResolvers<FakeRequest>()
  const server = createServer(async (incoming, response) => {
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: await json(incoming).catch(() => undefined),
    }
    requests.push(request)
    first.resolve(request)
    await answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    asked: () => first.promise,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Answers with JSON. */
export function send(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
