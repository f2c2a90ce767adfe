import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface FakeGateway {
  url: string
  /** method, path and body of every request, in the order of their arrival */
  requests: string[]
  close(): Promise<void>
}

export type Answers = Partial<
  Record<'list' | 'reserve' | 'pay' | 'release', (response: ServerResponse) => void>
>

/** A gateway where everything works, except for what the test says. */
export async function startFakeGateway(answers: Answers = {}): Promise<FakeGateway> {
  const requests: string[] = []
  let reservations = 0
  const works: Required<Answers> = {
    list: (response) => response.end('[]'),
    reserve: (response) => {
      reservations += 1
      response.end(JSON.stringify({ reservation_id: `r-${reservations}` }))
    },
    pay: (response) => response.end('{}'),
    release: (response) => response.end('{}'),
  }
  const { list, reserve, pay, release } = { ...works, ...answers }

  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url} ${await text(request)}`.trim())
    if (request.url === '/events') list(response)
    else if (request.url?.endsWith('/pay')) pay(response)
    else if (request.method === 'DELETE') release(response)
    else reserve(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function status(code: number) {
  return (response: ServerResponse) => {
    response.writeHead(code).end('{}')
  }
}
