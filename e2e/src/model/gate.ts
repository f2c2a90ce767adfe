import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A request that is held back. */
export interface Held {
  /** the request, once it is there */
  arrived: Promise<string>
  pass(): void
  /** after it passed, and something came back on its connection */
  answered: Promise<void>
}

/** A TCP proxy that can stop single requests: their sender is frozen before the step that they ask for. */
export interface Gate {
  port: number
  /** Holds back the next request that contains all of these, and what follows it on its connection. */
  hold(...marks: string[]): Held
  close(): Promise<void>
}

interface Trap {
  marks: string[]
  caught(text: string): void
  passed: Promise<void>
  answered(): void
}

/** @param target a port on this machine */
export async function createGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  const traps: Trap[] = []

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    let forwarded: Promise<void> = Promise.resolve()
    const end = () => {
      for (const socket of [client, upstream]) {
        sockets.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end).on('close', end)
    }
    upstream.on('data', (chunk) => client.write(chunk))
    client.on('data', (chunk) => {
      forwarded = forwarded.then(() => forward(chunk))
    })

    async function forward(chunk: Buffer): Promise<void> {
      const text = chunk.toString('latin1')
      const index = traps.findIndex(({ marks }) => marks.every((mark) => text.includes(mark)))
      const [trap] = index < 0 ? [] : traps.splice(index, 1)
      trap?.caught(text)
      await trap?.passed
      if (trap) upstream.once('data', trap.answered)
      if (upstream.writable) upstream.write(chunk)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as { port: number }).port,
    hold(...marks) {
      const arrival = Promise.withResolvers<string>()
      const passing = Promise.withResolvers<void>()
      const answer = Promise.withResolvers<void>()
      const trap = { marks, caught: arrival.resolve, passed: passing.promise, answered: answer.resolve }
      traps.push(trap)
      return {
        arrived: arrival.promise,
        answered: answer.promise,
        pass() {
          const index = traps.indexOf(trap)
          if (index >= 0) traps.splice(index, 1)
          passing.resolve()
        },
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
