import { once } from 'node:events'
import { connect } from 'node:net'

/** Starts a request with a body, and breaks the connection as soon as the server has begun to read it. */
export async function abortUpload(url: string, path: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')))
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`,
  )
  const [received] = (await once(socket, 'data')) as [Buffer]
  if (!received.toString().startsWith('HTTP/1.1 100')) throw new Error(`unexpected: ${received}`)
  socket.write('{"quantity":')
  socket.resetAndDestroy()
}
