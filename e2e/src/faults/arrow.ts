import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A TCP proxy in front of one or more servers, whose connections can be slowed and cut. */
export interface Arrow {
  port: number
  /** every answer waits this long, in milliseconds */
  delayMs: number
  /** Called with each piece of an answer before it is passed on; false: it is lost and its connection cut. */
  onAnswer: ((answer: Buffer, asked: Buffer) => boolean) | undefined
  /** Cuts every connection now. */
  cut(): void
  close(): Promise<void>
}

/** @param targets ports on this machine; new connections go to them in turn */
export async function createArrow(targets: number[]): Promise<Arrow> {
  const connections = new Set<Socket>()
  let turn = 0

  const server = createServer((client) => {
    const upstream = connect(targets[turn++ % targets.length] as number, '127.0.0.1')
    let asked: Buffer = Buffer.alloc(0)
    let passing: Promise<unknown> = Promise.resolve()
    const end = () => {
      for (const socket of [client, upstream]) {
        connections.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of [client, upstream]) {
      connections.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end).on('close', end)
    }
    client.on('data', (chunk) => {
      asked = chunk
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (arrow.onAnswer && !arrow.onAnswer(chunk, asked)) return end()
      // one after the other: bytes never overtake
      const arrived = arrow.delayMs > 0 ? delay(arrow.delayMs) : undefined
      passing = passing.then(() => arrived).then(() => void (client.writable && client.write(chunk)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const arrow: Arrow = {
    port: (server.address() as { port: number }).port,
    delayMs: 0,
    onAnswer: undefined,
    cut() {
      for (const socket of connections) socket.destroy()
    },
    async close() {
      arrow.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return arrow
}
