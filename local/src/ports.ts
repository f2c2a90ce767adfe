import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * Ports that no process listens on, all different. They are below those that the system gives to outgoing connections, so
 * that a server can be stopped and started again on its port.
 */
export async function freePorts(count: number): Promise<number[]> {
  const free = new Set<number>()
  while (free.size < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    if ((await whyClosed(port)) === undefined) free.add(port)
  }
  return [...free]
}

// Linux gives out 32768 and up, most other systems 49152 and up
const FIRST_PORT = 20_000
const LAST_PORT = 32_000

/** Why a port cannot be opened (EADDRINUSE, EACCES); undefined when it can. */
export async function whyClosed(port: number): Promise<string | undefined> {
  // the loopback address too: elsewhere than on Linux its listener does not keep others from all addresses
  for (const host of ['127.0.0.1', undefined]) {
    try {
      await close(await listen(port, host))
    } catch (error) {
      return (error as NodeJS.ErrnoException).code
    }
  }
  return undefined
}

async function listen(port: number, host?: string): Promise<Server> {
  const server = createServer()
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
