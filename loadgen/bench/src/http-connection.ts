import { connect } from 'node:net'

export interface Answer {
  status: number
  /** empty when it is longer than {@link KEPT_BYTES} */
  body: string
}

/** One connection, one request at a time. Hand-written, because the side that measures shares the cores with the measured. */
export interface HttpConnection {
  send(request: Buffer): Promise<Answer>
  close(): void
}

/** Long bodies are counted and thrown away. */
const KEPT_BYTES = 16 * 1024
const HEAD_END = '\r\n\r\n'

export function connectTo(url: string): HttpConnection {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  let head = Buffer.alloc(0)
  let status = 0
  let bodyLeft = -1
  let body = ''

  socket.on('data', (chunk) => {
    if (bodyLeft >= 0) return takeBody(chunk)
    head = head.length > 0 ? Buffer.concat([head, chunk]) : chunk
    const end = head.indexOf(HEAD_END)
    if (end < 0) return
    const text = head.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)
    if (!length) return fail(new Error(`an answer without content-length: ${text}`))
    status = Number(text.slice(9, 12))
    bodyLeft = Number(length[1])
    const first = head.subarray(end + HEAD_END.length)
    head = Buffer.alloc(0)
    takeBody(first)
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error(`${url} closed the connection`)))

  function takeBody(chunk: Buffer): void {
    bodyLeft -= chunk.length
    if (body.length < KEPT_BYTES) body += chunk.toString('latin1', 0, chunk.length)
    if (bodyLeft > 0) return
    const answer = { status, body: body.length > KEPT_BYTES ? '' : body }
    const { resolve } = waiting ?? {}
    waiting = undefined
    bodyLeft = -1
    body = ''
    resolve?.(answer)
  }

  function fail(error: Error): void {
    waiting?.reject(error)
    waiting = undefined
  }

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

export function httpRequest(method: 'GET' | 'POST', path: string, body?: object): Buffer {
  const json = body && JSON.stringify(body)
  const headers = json
    ? `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n`
    : ''
  const empty = method === 'POST' && !json ? 'content-length: 0\r\n' : ''
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: bench\r\n${headers}${empty}\r\n${json ?? ''}`)
}
