import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createDelay, type Link } from './delayed.ts'

// node main.ts '{"host":"redis","port":6379,"link":{…}}': what goes through it is late, half of the time in each direction.
// It runs in a container with nothing but Node.js, so that it imports nothing else.

const {
  host,
  port,
  listen = port,
  link,
} = JSON.parse(process.argv[2] ?? '') as {
  host: string
  port: number
  /** on which port it listens; by default the same */
  listen?: number
  link: Link
}
const oneWay: Link = { ...link, latencyMs: link.latencyMs / 2, jitterMs: link.jitterMs / 2 }

// each direction ends for itself
const server = createServer({ allowHalfOpen: true }, (client) => {
  const upstream = connect({ port, host, allowHalfOpen: true })
  for (const socket of [client, upstream]) socket.setNoDelay(true)
  join(client, upstream)
  join(upstream, client)
}).listen(listen)
await once(server, 'listening')
console.log(JSON.stringify({ level: 'INFO', msg: 'listening', ...(server.address() as object) }))
process.once('SIGTERM', () => process.exit(0))

function join(from: Socket, to: Socket): void {
  const delay = createDelay(oneWay)
  from.on('error', () => from.destroy())
  from.once('close', () => {
    // an orderly end comes after what was sent before it
    if (!from.readableEnded) to.destroy()
  })
  to.once('close', () => delay.destroy())
  from.pipe(delay).pipe(to)
}
