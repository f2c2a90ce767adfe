import { connect, isIP, type Socket } from 'node:net'
import { AnswerReader, type HttpAnswer } from './http-answer.ts'

/** A request and whoever waits for its answer. */
export interface Exchange {
  /** the whole request, each character a byte */
  request: string
  /** what the body of its answer may take in memory */
  maxAnswerBytes: number
  /** Told once, unless it is given up: `error` or `answer`. */
  done(error: Error | undefined, answer?: HttpAnswer): void
  /** the one that it is under way on */
  connection?: Connection | undefined
}

/** Connections to one server that are kept and used again: one exchange at a time on each. */
export interface Connections {
  /** Sends a request as soon as there is a connection for it. */
  start(exchange: Exchange): void
  /** Nobody waits for it any more; its connection ends. */
  giveUp(exchange: Exchange): void
  /** Ends all connections and fails what is under way. */
  close(): void
}

const MAX_CONNECTIONS = 256
const MAX_IDLE_MS = 30_000

export interface Connection {
  socket: Socket
  exchange: Exchange | undefined
  reader: AnswerReader
}

export function createConnections(baseUrl: string): Connections {
  const dial = dialler(baseUrl)
  const all = new Set<Connection>()
  // the last one used is the next: those that are not needed grow old
  const idle: Connection[] = []
  const waiting = new Set<Exchange>()

  function start(exchange: Exchange): void {
    const connection = idle.pop() ?? (all.size < MAX_CONNECTIONS ? open() : undefined)
    if (connection) send(connection, exchange)
    else waiting.add(exchange)
  }

  function open(): Connection {
    const socket = dial()
    const connection: Connection = { socket, exchange: undefined, reader: new AnswerReader() }
    all.add(connection)
    socket.setNoDelay(true)
    socket.setTimeout(MAX_IDLE_MS)
    socket.on('data', (chunk: Buffer) => receive(connection, chunk))
    socket.on('timeout', () => connection.exchange || end(connection))
    socket.on('end', () => end(connection))
    socket.on('error', (error) => end(connection, error))
    socket.on('close', () => end(connection))
    return connection
  }

  function send(connection: Connection, exchange: Exchange): void {
    connection.exchange = exchange
    exchange.connection = connection
    connection.reader.maxBodyBytes = exchange.maxAnswerBytes
    connection.socket.write(exchange.request, 'latin1')
  }

  function receive(connection: Connection, chunk: Buffer): void {
    const { exchange, reader } = connection
    try {
      if (!exchange) throw new Error('an answer that nobody asked for')
      const answer = reader.read(chunk)
      if (!answer) return
      free(connection, exchange)
      if (reader.idleMs > 0) keep(connection)
      else end(connection)
      exchange.done(undefined, answer)
    } catch (error) {
      end(connection, error as Error)
    }
  }

  function free(connection: Connection, exchange: Exchange): void {
    connection.exchange = undefined
    exchange.connection = undefined
  }

  function keep(connection: Connection): void {
    const next = takeWaiting()
    if (next) {
      send(connection, next)
      return
    }
    idle.push(connection)
    const { socket, reader } = connection
    if (reader.idleMs < MAX_IDLE_MS) socket.setTimeout(reader.idleMs)
  }

  function takeWaiting(): Exchange | undefined {
    if (waiting.size === 0) return undefined
    const [next] = waiting
    waiting.delete(next as Exchange)
    return next
  }

  function end(connection: Connection, error?: Error): void {
    if (!all.delete(connection)) return
    const { socket, exchange, reader } = connection
    const at = idle.indexOf(connection)
    if (at >= 0) idle.splice(at, 1)
    socket.destroy()
    if (exchange) {
      free(connection, exchange)
      const answer = error ? undefined : reader.end()
      if (answer) exchange.done(undefined, answer)
      else exchange.done(error ?? new Error('the connection ended before the answer'))
    }
    const next = takeWaiting()
    if (next) start(next)
  }

  return {
    start,
    giveUp(exchange) {
      waiting.delete(exchange)
      const { connection } = exchange
      if (!connection) return
      free(connection, exchange)
      end(connection)
    },
    close() {
      const closed = new Error('the client was closed')
      for (const exchange of waiting) exchange.done(closed)
      waiting.clear()
      for (const connection of all) end(connection, closed)
    },
  }
}

function dialler(baseUrl: string): () => Socket {
  const { protocol, hostname, port } = new URL(baseUrl)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'http:') return () => connect({ host, port: Number(port || 80) })
  // loaded by the few that need it
  const tls = process.getBuiltinModule('node:tls')
  const servername = isIP(host) ? '' : host
  return () => tls.connect({ host, port: Number(port || 443), servername, ALPNProtocols: ['http/1.1'] })
}
