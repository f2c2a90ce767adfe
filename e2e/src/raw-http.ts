import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Answer } from './http.ts'

/** Sends bytes that no HTTP client would send, and reads the one answer that comes until the connection ends. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const startedAt = performance.now()
  const socket = connect(Number(port), hostname)
  socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')))
  socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const received = await text(socket)
  return { ...parseAnswer(received), elapsedMs: performance.now() - startedAt }
}

function parseAnswer(received: string): Omit<Answer, 'elapsedMs'> {
  const end = received.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = received.slice(end + 4)
  return { status: Number(statusLine.split(' ')[1]), headers, text: body, json: body && JSON.parse(body) }
}
