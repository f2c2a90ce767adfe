import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { App } from '@quickticket/kit/app'

/** Listens on a free port of this machine. */
export async function listen(app: App): Promise<{ port: number; url: string }> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: Number(new URL(url).port), url }
}

/** Sends bytes that no HTTP client would send, and reads until the other side ends the connection. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}
