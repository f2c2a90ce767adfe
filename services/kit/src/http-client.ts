import { Pool } from 'undici'
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

  async function request({
    method,
    path,
    trace,
    headers,
    body,
    timeoutMs,
  }: UpstreamRequest): Promise<UpstreamAnswer> {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await pool.request({
        method,
        path,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
        headers: {
          ...(trace && traceHeaders(trace)),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body:
          body === undefined || Buffer.isBuffer(body)
            ? ((body as Buffer | undefined) ?? null)
            : JSON.stringify(body),
      })
      return {
        status: response.statusCode,
        contentType: String(response.headers['content-type'] ?? ''),
        retryAfter: response.headers['retry-after']?.toString(),
        body: Buffer.from(await response.body.arrayBuffer()),
      }
    } catch (error) {
      throw new UpstreamError(target, signal.aborted ? 'timeout' : 'unreachable', error)
    }
  }

  return { request, close: () => pool.destroy() }
}
