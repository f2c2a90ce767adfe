import { type Dispatcher, Pool } from 'undici'
import { createClockDifference } from './clock-difference.ts'
import { type Trace, traceHeaders } from './trace.ts'
import { endCallSpan, startCallSpan } from './tracing/call-span.ts'
import { currentTrace } from './tracing/current.ts'

export interface UpstreamAnswer {
  status: number
  contentType: string
  retryAfter: string | undefined
  /** when it was written, by the clock of the server */
  date: string | undefined
  body: Buffer
}

/** `invalid`: what answered is not the service that was asked; `refused`: it does not take our credentials. */
export type UpstreamFailure = 'timeout' | 'unreachable' | 'invalid' | 'refused'

/** The other side gave no answer that counts. */
export class UpstreamError extends Error {
  override name = 'UpstreamError'
  readonly failure: UpstreamFailure

  constructor(target: string, failure: UpstreamFailure, cause: unknown) {
    super(`${target}: ${failure}`, { cause })
    this.failure = failure
  }
}

export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  /** the path with `{id}` in place of ids, for the name of its span; by default the path without its query */
  template?: string
  /** by default the trace of the background work that makes the call */
  trace?: Trace
  /** how often the same call was made before */
  resendCount?: number
  headers?: Record<string, string>
  /** sent as JSON; a Buffer is sent as it is */
  body?: unknown
  /** for the whole call, from connecting to the last byte, in milliseconds */
  timeoutMs: number
  /** for the body of the answer, 64 bytes for each piece that it arrives in included; 1 MiB by default */
  maxAnswerBytes?: number
}

export interface UpstreamOptions {
  /** sent with every request, in its Authorization header */
  token?: string | undefined
}

export interface Upstream {
  /**
   * @throws {UpstreamError} when no complete answer came in time, or a longer one than allowed; any status is an answer
   * @throws {TypeError} when the path or a header has characters that HTTP cannot carry
   */
  request(request: UpstreamRequest): Promise<UpstreamAnswer>
  /** Seconds that its clock is ahead of ours, at least; undefined: no answer in the last 5 minutes. */
  clockDifferenceS(): number | undefined
  /** Ends all connections; calls under way and calls that wait for a connection fail. */
  close(): Promise<void>
}

const MAX_CONNECTIONS = 256
const MAX_IDLE_MS = 30_000
/** Subtracted from a `Keep-Alive` of the server, which may close the connection while the next request is on its way. */
const KEEP_ALIVE_MARGIN_MS = 1000
const MAX_ANSWER_BYTES = 1024 * 1024
/** What a piece of a body takes in memory besides its bytes: a body of very small chunks is larger than its length. */
const PIECE_BYTES = 64

/** A client for one service: pooled connections, one overall deadline a call, no retries of its own. */
export function createUpstream(target: string, baseUrl: string, { token }: UpstreamOptions = {}): Upstream {
  const server = new URL(baseUrl)
  const pool = new Pool(server.origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: MAX_IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
    // the deadline of a call includes them
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const authorization = token === undefined ? {} : checked({ authorization: `Bearer ${token}` })
  const clock = createClockDifference()

  function request(asked: UpstreamRequest): Promise<UpstreamAnswer> {
    const sentAt = Date.now()
    const trace = asked.trace ?? currentTrace()
    return new Promise((resolve, reject) => {
      const headers = { ...authorization, ...(asked.headers && checked(asked.headers)) }
      const options = dispatchOptions(asked, headers)
      const span = startCallSpan(trace?.span, asked, server)
      if (trace) Object.assign(headers, traceHeaders(trace, span))
      pool.dispatch(
        options,
        collectAnswer(
          asked,
          (answer) => {
            clock.observeDate(answer.date, sentAt, Date.now())
            endCallSpan(span, answer.status)
            resolve(answer)
          },
          (failure, cause) => {
            endCallSpan(span, failure)
            reject(new UpstreamError(target, failure, cause))
          },
        ),
      )
    })
  }

  return {
    request,
    clockDifferenceS: clock.seconds,
    close: () => pool.destroy(new Error('the client was closed')),
  }
}

const PATH = /^\/[\x21-\x7e]*$/
const HEADER_VALUE = /^[\t\x20-\x7e]*$/

function dispatchOptions(
  { method, path, body }: UpstreamRequest,
  headers: Record<string, string>,
): Dispatcher.DispatchOptions {
  if (!PATH.test(path)) throw new TypeError('the path of a request has characters that HTTP cannot carry')
  if (body === undefined) return { method, path, headers }
  headers['content-type'] = 'application/json'
  return { method, path, headers, body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }
}

function checked(headers: Record<string, string>): Record<string, string> {
  for (const name in headers) {
    if (!HEADER_VALUE.test(headers[name] as string))
      throw new TypeError(`the header ${name} has characters that HTTP cannot carry`)
  }
  return headers
}

/** what can be passed on in a header */
const PRINTABLE = /^[\x20-\x7e]{1,64}$/

/** Reads one answer from undici's events. Its `request()` makes a stream of each body, which costs more than the rest of a call. */
function collectAnswer(
  { timeoutMs, maxAnswerBytes = MAX_ANSWER_BYTES }: UpstreamRequest,
  succeed: (answer: UpstreamAnswer) => void,
  fail: (failure: UpstreamFailure, cause: Error) => void,
): Dispatcher.DispatchHandler {
  let call: Dispatcher.DispatchController | undefined
  let late: Error | undefined
  let head: Omit<UpstreamAnswer, 'body'> | undefined
  let bodyBytes = 0
  const body: Buffer[] = []
  const deadline = setTimeout(() => {
    late = new Error(`no complete answer in ${timeoutMs} ms`)
    fail('timeout', late)
    call?.abort(late)
  }, timeoutMs)

  return {
    onRequestStart(controller) {
      // waited too long for a connection: an error here leaves the connection to others, abort() would end it
      if (late) throw late
      call = controller
    },
    onResponseStart(_controller, status, headers) {
      if (status < 200) return
      const { 'transfer-encoding': transfer = 'chunked', 'content-encoding': content = 'identity' } = headers
      if (!/^chunked$/i.test(String(transfer)) || !/^identity$/i.test(String(content)))
        throw new Error('the answer has an encoding that was not asked for')
      if (Number(headers['content-length']) > maxAnswerBytes) throw tooLong(maxAnswerBytes)
      head = {
        status,
        contentType: String(headers['content-type'] ?? ''),
        retryAfter: PRINTABLE.exec(String(headers['retry-after'] ?? ''))?.[0],
        date: headers.date?.toString(),
      }
    },
    onResponseData(_controller, piece) {
      bodyBytes += piece.length + PIECE_BYTES
      if (bodyBytes > maxAnswerBytes) throw tooLong(maxAnswerBytes)
      // a small piece would keep all that the socket has read with it, such as a long chunk extension
      body.push(piece.length < piece.buffer.byteLength / 2 ? Buffer.from(piece) : piece)
    },
    onResponseEnd() {
      clearTimeout(deadline)
      const [first] = body
      if (head) succeed({ ...head, body: first && body.length === 1 ? first : Buffer.concat(body) })
    },
    onResponseError(_controller, error) {
      clearTimeout(deadline)
      fail('code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'unreachable', error)
    },
  }
}

function tooLong(maxAnswerBytes: number): Error {
  return new Error(`the answer is longer than ${maxAnswerBytes} bytes`)
}
