/** Runs in a pod: tries the connections that are its argument, all at once, and writes what came of each. */
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'

const TIMEOUT_MS = 2000

const attempts = JSON.parse(process.argv[2] as string) as string[]
console.log(JSON.stringify(await Promise.all(attempts.map(attempt))))

/** @param address `dns:NAME`, or an IPv4 address and port */
function attempt(address: string): Promise<string> {
  const [host, rest] = address.split(':') as [string, string]
  return host === 'dns' ? resolve(rest) : connectTo(host, Number(rest))
}

function resolve(name: string): Promise<string> {
  return new Resolver({ timeout: TIMEOUT_MS, tries: 1 }).resolve4(name).then(
    () => 'open',
    ({ code }: NodeJS.ErrnoException) => String(code),
  )
}

function connectTo(host: string, port: number): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (result: string) => {
      socket.destroy()
      done(result)
    }
    socket.on('connect', () => end('open'))
    socket.on('timeout', () => end('timeout'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(String(code)))
  })
}
