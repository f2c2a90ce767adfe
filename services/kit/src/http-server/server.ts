import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { createServer } from '../node-http.ts'
import { answerInOrder } from './pipelining.ts'

/** Deadlines for the headers of a request and for all of it, in milliseconds. */
const ARRIVAL = { headersTimeout: 10_000, requestTimeout: 30_000 }
/** How often Node.js checks the deadlines of all connections: a timeout may be this much late. */
const TIMEOUTS_CHECK_MS = 1000
/** Longer than any client here keeps an idle connection, so that none is closed while a request is on its way. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

export interface ConnectionHandlers {
  connection(socket: Socket): void
  /** CONNECT, for which Node.js makes no response */
  connect(socket: Socket): void
}

/** A server with the limits of every service. Requests that Node.js would answer by itself go to `handle` or to `handlers`. */
export function createHttpServer(
  handle: RequestListener,
  handlers: ConnectionHandlers,
  arrival = ARRIVAL,
): Server {
  const inOrder = answerInOrder(handle)
  const server = createServer(
    {
      ...arrival,
      connectionsCheckingInterval: TIMEOUTS_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      requireHostHeader: false,
    },
    inOrder,
  )
  server.on('connection', handlers.connection)
  server.on('connect', (_request, socket) => handlers.connect(socket as Socket))
  // RFC 9110, section 10.1.1: a server may ignore an unknown expectation
  server.on('checkExpectation', inOrder)
  return server
}
