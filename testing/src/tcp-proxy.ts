import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface TcpProxy {
  port: number
  url: string
  /** Ends all connections and refuses new ones, as if the server had stopped. */
  shut(): Promise<void>
  open(): Promise<void>
  /** Accepts connections from now on and answers nothing, as if the server hung. */
  stall(): void
  /** Keeps what is sent either way until {@link thaw}. */
  freeze(): void
  thaw(): void
}

/** A TCP proxy that a test can shut, open, stall and freeze, while the server behind it keeps running. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let isStalled = false

  function keep(socket: Socket): Socket {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  async function listen(port: number): Promise<number> {
    server = createServer((client) => {
      if (isStalled) return void keep(client)
      const upstream = keep(connect(target.port, target.host))
      keep(client).pipe(upstream).pipe(client)
      client.once('close', () => upstream.destroy())
      upstream.once('close', () => client.destroy())
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  }

  const port = await listen(0)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async shut() {
      const closed = server?.listening && once(server, 'close')
      server?.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    stall() {
      isStalled = true
    },
    freeze() {
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      for (const socket of sockets) socket.resume()
    },
    async open() {
      isStalled = false
      await listen(port)
    },
  }
}
