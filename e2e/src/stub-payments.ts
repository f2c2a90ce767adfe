import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { json } from 'node:stream/consumers'

/** A status to answer a charge with, no answer at all, one that never ends, or a connection that breaks. */
export type Reply = number | 'hang' | 'trickle' | 'break'

export interface Received {
  atMs: number
  headers: IncomingHttpHeaders
  body: unknown
}

export interface StubPayments {
  url: string
  /** the replies to the next charges; when there are none left, charges succeed */
  replies: Reply[]
  charges: Received[]
  voids: Received[]
  close(): Promise<void>
}

/** A payments service that does as it is told. */
export async function startStubPayments(): Promise<StubPayments> {
  const replies: Reply[] = []
  const charges: Received[] = []
  const voids: Received[] = []
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return response.end('{}')
    const received = { atMs: performance.now(), headers: request.headers, body: await json(request) }
    if (request.url !== '/charge') {
      voids.push(received)
      return response.end('{}')
    }
    charges.push(received)
    const reply = replies.shift() ?? 200
    if (reply === 'break') return request.socket.destroy()
    if (reply === 'hang') return
    if (reply === 'trickle') {
      const timer = setInterval(() => response.write(' '), 50)
      return response.on('close', () => clearInterval(timer))
    }
    response.writeHead(reply, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: 'charged', payment_ref: 'PAY-00C0FFEE' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    replies,
    charges,
    voids,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
