import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Service {
  url: string
  /** what was asked so far, as in `POST /notify {…}` */
  requests: string[]
  stop(): void
}

/** A service on this machine, which answers as a check needs it, or leaves the response open. */
export async function startService(answer: (response: ServerResponse) => void): Promise<Service> {
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url} ${await text(request)}`.trim())
    answer(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
