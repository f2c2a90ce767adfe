import { connect, createServer } from 'node:net'

// hands connections out in turn, as a Kubernetes Service does; it does not look into them
const ports = (process.env.UPSTREAM_PORTS as string).split(',').map(Number)
let turn = 0

createServer({ noDelay: true }, (client) => {
  turn += 1
  const upstream = connect({ host: '127.0.0.1', port: ports[turn % ports.length] as number, noDelay: true })
  client.pipe(upstream).pipe(client)
  client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
  upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
}).listen(Number(process.env.PORT), '127.0.0.1')
