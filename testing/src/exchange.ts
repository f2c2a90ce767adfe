import { connect } from 'node:net'

export interface Exchange {
  /** all that came */
  received: string
  /** `closed`, or the code of the error that ended the connection */
  end: string
}

/** Sends one request as a client does, and waits until the other side ends the connection. */
export function exchange(port: number, method: string, path: string): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    let end = 'closed'
    socket.setEncoding('utf8').on('data', (text) => {
      received += text
    })
    socket.once('error', (error: Error & { code: string }) => {
      end = error.code
    })
    socket.once('close', () => resolve({ received, end }))
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
  })
}

/** The rest of an answer after its headers. */
export function bodyOf({ received }: Exchange): string {
  return received.slice(received.indexOf('\r\n\r\n') + 4)
}
