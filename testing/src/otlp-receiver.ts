import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { type ReceivedSpan, readSpans } from './otlp-spans.ts'

/** What becomes of a batch: it is taken, refused with 503, never answered, or its connection breaks. */
type Reply = 'take' | 'refuse' | 'hang' | 'break'

export interface OtlpReceiver {
  /** for OTEL_EXPORTER_OTLP_ENDPOINT */
  url: string
  /** what becomes of the next batches */
  reply: Reply
  /** time before each answer, in milliseconds */
  delayMs: number
  /** all spans that were taken */
  spans: ReceivedSpan[]
  /** all requests that came, taken or not */
  requests: { headers: IncomingHttpHeaders; body: Buffer }[]
  /** Refuses connections until {@link start}. */
  stop(): Promise<void>
  /** Listens again on the same port. */
  start(): Promise<void>
}

const PATH = '/v1/traces'

/** A collector for traces over OTLP/HTTP that does as it is told. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const server = createServer((request, response) => void receive(request, response))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${port}`,
    reply: 'take',
    delayMs: 0,
    spans: [],
    requests: [],
    async stop() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    start: () => listen(port),
  }
  return receiver

  async function listen(on: number): Promise<void> {
    server.listen(on, '127.0.0.1')
    await once(server, 'listening')
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method, url } = request
    const body = await buffer(request)
    receiver.requests.push({ headers, body })
    const { reply } = receiver
    if (reply === 'hang') return
    if (reply === 'break') return void request.socket.destroy()
    if (receiver.delayMs > 0) await delay(receiver.delayMs)
    if (reply === 'refuse' || method !== 'POST' || url !== PATH)
      return void response.writeHead(reply === 'refuse' ? 503 : 404).end()
    receiver.spans.push(...readSpans(headers, body))
    response.writeHead(200, { 'content-type': headers['content-type'] }).end(emptyAnswer(headers))
  }
}

/** All spans were taken. */
function emptyAnswer(headers: IncomingHttpHeaders): string {
  return headers['content-type'] === 'application/json' ? '{}' : ''
}
