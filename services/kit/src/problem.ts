import { STATUS_CODES } from './node-http.ts'
import { problemType } from './problem-type.ts'

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

/** Further members of the body, e.g. `{ available: 3 }`. */
export type ProblemDetails = Record<string, unknown>

/**
 * An error that a client may see: RFC 9457 problem details. Throw it anywhere below a route; the one error handler
 * answers with it. `detail` is for people, `code` (snake_case) is for programs and never changes.
 */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  readonly code: string
  readonly details: ProblemDetails
  readonly headers: Record<string, string>

  constructor(
    status: number,
    code: string,
    detail: string,
    more: { details?: ProblemDetails; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause })
    this.status = status
    this.code = code
    this.details = more.details ?? {}
    this.headers = more.headers ?? {}
  }
}

/** The body of an `application/problem+json` answer. The trace is named where the client chose another id for its request. */
export function problemBody(problem: Problem, requestId: string, traceId = requestId) {
  return {
    type: problemType(problem.code),
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    error: problem.code,
    request_id: requestId,
    ...(traceId !== requestId && { trace_id: traceId }),
    ...problem.details,
  }
}

/** 503 with Retry-After, e.g. when a pool or a queue is full. */
export function unavailable(code: string, detail: string, cause?: unknown): Problem {
  return new Problem(503, code, detail, { headers: { 'retry-after': '1' }, cause })
}
