import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { answerInOrder } from './answer-in-order.ts'

/** Within which the head of a request has to arrive, and all of it, in milliseconds. */
const ARRIVAL = { headersTimeout: 10_000, requestTimeout: 30_000 }
/** How much later than they say the timeouts may strike: Node.js looks at all connections at once. */
const TIMEOUTS_CHECK_MS = 1000
/** Longer than any client here keeps a connection idle, so that none is closed under a request. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

export interface ConnectionHandlers {
  connection(socket: Socket): void
  /** CONNECT: no response is there for it */
  connect(socket: Socket): void
}

/** A server with the limits of every service. What Node.js would answer by itself goes to `handle` or to `handlers`. */
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
  // RFC 9110, section 10.1.1: an expectation that is not known may be ignored
  server.on('checkExpectation', inOrder)
  return server
}
