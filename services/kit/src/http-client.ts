import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
// of undici's 130 modules its pool needs a third
import Pool from 'undici/lib/dispatcher/pool.js'
import { type Trace, traceHeaders } from './trace.ts'

export interface UpstreamAnswer {
  status: number
  contentType: string
  retryAfter: string | undefined
  body: Buffer
}

export type UpstreamFailure = 'timeout' | 'unreachable'

/** The other side gave no answer: not reachable, or not in time. */
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
  trace?: Trace
  headers?: Record<string, string>
  /** sent as JSON; a Buffer is sent as it is */
  body?: unknown
  /** for the whole call, from connecting to the last byte, in milliseconds */
  timeoutMs: number
}

export interface Upstream {
  /** @throws {UpstreamError} when no complete answer came in time; any status is an answer */
  request(request: UpstreamRequest): Promise<UpstreamAnswer>
  close(): Promise<void>
}

/** A client for one service: pooled connections, one overall deadline a call, no retries of its own. */
export function createUpstream(target: string, baseUrl: string): Upstream {
  const pool = new Pool(baseUrl, { connections: 256, pipelining: 1, keepAliveTimeout: 30_000 })

  function request({ method, path, trace, headers, body, timeoutMs }: UpstreamRequest) {
    return new Promise<UpstreamAnswer>((resolve, reject) => {
      const fail = (failure: UpstreamFailure, cause: unknown) =>
        reject(new UpstreamError(target, failure, cause))
      pool.dispatch(
        {
          method,
          path,
          headersTimeout: 0,
          bodyTimeout: 0,
          headers: {
            ...(trace && traceHeaders(trace)),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          body: body === undefined || Buffer.isBuffer(body) ? (body ?? null) : JSON.stringify(body),
        },
        collectAnswer(timeoutMs, resolve, fail),
      )
    })
  }

  return { request, close: () => pool.destroy() }
}

/** Told as undici hears it: its own `request()` makes a stream of each body, which costs more than the rest of a call. */
function collectAnswer(
  timeoutMs: number,
  resolve: (answer: UpstreamAnswer) => void,
  fail: (failure: UpstreamFailure, cause: unknown) => void,
): Dispatcher.DispatchHandler {
  let call: Dispatcher.DispatchController | undefined
  let status = 0
  let headers: IncomingHttpHeaders = {}
  const chunks: Buffer[] = []
  let late: Error | undefined
  const deadline = setTimeout(() => {
    late = new Error(`no complete answer in ${timeoutMs} ms`)
    fail('timeout', late)
    // one that has no connection yet ends as soon as it would get one
    call?.abort(late)
  }, timeoutMs)
  return {
    onRequestStart(controller) {
      call = controller
      if (late) controller.abort(late)
    },
    onResponseStart(_controller, statusCode, received) {
      status = statusCode
      headers = received
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk)
    },
    onResponseEnd() {
      clearTimeout(deadline)
      resolve({
        status,
        contentType: String(headers['content-type'] ?? ''),
        retryAfter: headers['retry-after'],
        body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
      })
    },
    onResponseError(_controller, error) {
      clearTimeout(deadline)
      fail('unreachable', error)
    },
  }
}
