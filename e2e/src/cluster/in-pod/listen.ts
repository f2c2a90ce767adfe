/** Runs in a pod: accepts connections to the ports that are its arguments. */
import { createServer } from 'node:net'

for (const port of process.argv.slice(1)) {
  createServer((socket) => socket.on('error', () => undefined).end()).listen(Number(port))
}
