import { Agent } from 'undici'

export interface Answer<Body = unknown> {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** the body read as JSON; undefined when it is none */
  json: Body
  elapsedMs: number
}

export interface RequestOptions {
  headers?: Record<string, string | string[]>
  /** sent as it is */
  body?: string | Buffer
  /** sent as JSON */
  json?: unknown
  signal?: AbortSignal
}

/** One request per connection at a time, as many connections as there are requests, no retries. */
const agent = new Agent({ connections: null, pipelining: 1, keepAliveTimeout: 1000 })

/** Sends a request and waits for its whole answer. The path is sent as it is written: `..` stays `..`. */
export async function request<Body = unknown>(
  method: string,
  url: string,
  { headers, body, json, signal }: RequestOptions = {},
): Promise<Answer<Body>> {
  const { origin } = new URL(url)
  const startedAt = performance.now()
  const response = await agent.request({
    origin,
    path: url.slice(origin.length) || '/',
    method: method as 'GET',
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
    body: json === undefined ? (body ?? null) : JSON.stringify(json),
    headersTimeout: 60_000,
    ...(signal && { signal }),
  })
  const text = await response.body.text()
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    json: parse(text) as Body,
    elapsedMs: performance.now() - startedAt,
  }
}

export function get<Body = unknown>(url: string, options?: RequestOptions): Promise<Answer<Body>> {
  return request<Body>('GET', url, options)
}

export function post<Body = unknown>(
  url: string,
  json?: unknown,
  options?: RequestOptions,
): Promise<Answer<Body>> {
  return request<Body>('POST', url, { json, ...options })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
