import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

/** A server that does not answer fails a test with a reason, before the test's own timeout does without one. */
const TIMEOUT_MS = 10_000

/** Runs a command as an operator would with redis-cli, and returns the raw answer. */
export async function redisCommand(at: { host: string; port: number }, command: string): Promise<string> {
  const socket = connect(at.port, at.host)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`Redis is silent for ${TIMEOUT_MS} ms`)))
  socket.end(`${command}\r\nQUIT\r\n`)
  return text(socket)
}
