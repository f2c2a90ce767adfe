import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from '@quickticket/kit/app'

/**
 * Sends requests, as in `POST /notify {…}`, one after the other over connections of their own. When it is done all of them have
 * ended for the app as well, so that what it counts when a response ends is counted.
 */
export async function sendOverSocket(app: App, requests: string[]): Promise<void> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  for (const line of requests) {
    const [method, path, body] = line.split(' ')
    const ended = Promise.withResolvers<unknown>()
    app.server.once('request', (_request, response) => response.once('close', () => ended.resolve(undefined)))
    const headers = { 'content-type': 'application/json' }
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    await ended.promise
  }
  app.server.closeAllConnections()
  app.server.close()
}
