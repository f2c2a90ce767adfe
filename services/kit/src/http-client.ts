import { createClockDifference } from './clock-difference.ts'
import type { HttpAnswer } from './http-answer.ts'
import { createConnections, type Exchange } from './http-connections.ts'
import { type Trace, traceHeaders } from './trace.ts'

export type UpstreamAnswer = HttpAnswer

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
  trace?: Trace
  headers?: Record<string, string>
  /** sent as JSON; a Buffer is sent as it is */
  body?: unknown
  /** for the whole call, from connecting to the last byte, in milliseconds */
  timeoutMs: number
  /** for the body of the answer, 64 bytes for each piece that it arrives in included; 1 MiB unless told */
  maxAnswerBytes?: number
}

const MAX_ANSWER_BYTES = 1024 * 1024

export interface UpstreamOptions {
  /** shown with every request, in its Authorization header */
  token?: string | undefined
}

export interface Upstream {
  /**
   * @throws {UpstreamError} when no complete answer came in time, or a longer one than allowed; any status is an answer
   * @throws {TypeError} when the path or a header has characters that HTTP can not carry
   */
  request(request: UpstreamRequest): Promise<UpstreamAnswer>
  /** Seconds that its clock is ahead of ours, at least; undefined: no answer came of late. */
  clockDifferenceS(): number | undefined
  close(): Promise<void>
}

/** A client for one service: pooled connections, one overall deadline a call, no retries of its own. */
export function createUpstream(target: string, baseUrl: string, { token }: UpstreamOptions = {}): Upstream {
  const { host } = new URL(baseUrl)
  const always = `host: ${host}\r\n${token === undefined ? '' : lines(checked({ authorization: `Bearer ${token}` }))}`
  const connections = createConnections(baseUrl)
  const clock = createClockDifference()

  function request(asked: UpstreamRequest): Promise<UpstreamAnswer> {
    const sentAt = Date.now()
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        request: serialize(asked, always),
        maxAnswerBytes: asked.maxAnswerBytes ?? MAX_ANSWER_BYTES,
        done(error, answer) {
          clearTimeout(deadline)
          if (answer) {
            clock.saw(answer.date, sentAt, Date.now())
            resolve(answer)
          } else reject(new UpstreamError(target, 'unreachable', error))
        },
      }
      const deadline = setTimeout(() => {
        connections.giveUp(exchange)
        const late = new Error(`no complete answer in ${asked.timeoutMs} ms`)
        reject(new UpstreamError(target, 'timeout', late))
      }, asked.timeoutMs)
      connections.start(exchange)
    })
  }

  return {
    request,
    clockDifferenceS: clock.seconds,
    async close() {
      connections.close()
    },
  }
}

/** The bytes of a request, each as a character: written at once, and without a copy. */
function serialize({ method, path, trace, headers, body }: UpstreamRequest, always: string): string {
  if (!PATH.test(path)) throw new TypeError('the path of a request has characters that HTTP can not carry')
  const start = `${method} ${path} HTTP/1.1\r\n${always}`
  const named = (trace ? lines(traceHeaders(trace)) : '') + (headers ? lines(checked(headers)) : '')
  if (body === undefined) return `${start}${named}${method === 'POST' ? 'content-length: 0\r\n' : ''}\r\n`
  const bytes = Buffer.isBuffer(body) ? body.toString('latin1') : asBytes(JSON.stringify(body))
  return `${start}${named}content-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes}`
}

const PATH = /^\/[\x21-\x7e]*$/
const HEADER_VALUE = /^[\t\x20-\x7e]*$/

function lines(headers: Record<string, string>): string {
  let text = ''
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`
  return text
}

function checked(headers: Record<string, string>): Record<string, string> {
  for (const name in headers) {
    if (!HEADER_VALUE.test(headers[name] as string))
      throw new TypeError(`the header ${name} has characters that HTTP can not carry`)
  }
  return headers
}

function asBytes(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1')
}
