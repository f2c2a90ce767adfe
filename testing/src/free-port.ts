import { freePorts } from '@quickticket/local/ports'

/** A port that no program listens on, below those that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}
