import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_CODES } from './http-status.ts'
import { type LastRequest, lastRequestOn, pathOf, UNMATCHED, watch } from './outcome.ts'
import { Problem, problemBody } from './problem.ts'

const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

/** One error handler for the whole application: whatever is thrown becomes problem details. */
export function answerProblems(app: FastifyInstance) {
  app.setErrorHandler((error: FastifyError, request, reply) => answer(error, request, reply))
  app.setNotFoundHandler((request, reply) => answer(notFound(app, request), request, reply))
  return {
    /** For URLs that can not be routed: no hook has run for these. */
    answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
      watch(app, request, reply)
      const { problem } = asProblem(error)
      const body = JSON.stringify(problemBody(problem, request.id))
      reply.raw.writeHead(problem.status, {
        'content-type': PROBLEM_JSON,
        'content-length': Buffer.byteLength(body),
        'x-request-id': request.id,
      })
      reply.raw.end(body)
    },
  }
}

function answer(error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply) {
  const { problem, unexpected } = asProblem(error)
  if (unexpected) request.log.error({ err: error }, 'unexpected error')
  else if (problem.status >= 500)
    request.log.error({ err: problem.cause, error: problem.code }, problem.message)
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type(PROBLEM_JSON)
    .serializer(JSON.stringify)
    .send(problemBody(problem, request.id))
}

function notFound(app: FastifyInstance, request: FastifyRequest): Problem {
  const known = app.knownRoutes.match(pathOf(request.url))
  if (!known) return new Problem(404, 'not_found', 'Not Found')
  return new Problem(405, 'method_not_allowed', 'Method Not Allowed', {
    headers: { allow: known.methods.join(', ') },
  })
}

function asProblem(error: FastifyError | Problem): { problem: Problem; unexpected: boolean } {
  if (error instanceof Problem) return { problem: error, unexpected: false }
  const known = FRAMEWORK_PROBLEMS[error.code]
  if (known) return { problem: known(), unexpected: false }
  if (error.validation) return { problem: invalid(error), unexpected: false }
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500)
    return { problem: new Problem(status, 'bad_request', 'Bad Request'), unexpected: false }
  return { problem: new Problem(500, 'internal_error', 'Internal Server Error'), unexpected: true }
}

const FRAMEWORK_PROBLEMS: Record<string, () => Problem> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new Problem(415, 'unsupported_media_type', 'Send the body as application/json'),
  FST_ERR_CTP_INVALID_JSON_BODY: () => new Problem(400, 'malformed_json', 'The body is not valid JSON'),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new Problem(413, 'body_too_large', 'The body is larger than 64 KiB'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new Problem(400, 'bad_content_length', 'The body is not as long as Content-Length says'),
  FST_ERR_BAD_URL: () => new Problem(400, 'bad_url', 'The URL is not valid'),
  FST_ERR_MAX_PARAM_LENGTH: () => new Problem(414, 'url_too_long', 'A part of the URL is too long'),
}

/** A path of the wrong shape is 422 as in FastAPI; a body of the wrong shape is 400. */
function invalid(error: FastifyError): Problem {
  const inPath = error.validationContext === 'params'
  const [first] = error.validation ?? []
  const where = first?.instancePath.slice(1).replaceAll('/', '.') || error.validationContext || 'request'
  return new Problem(
    inPath ? 422 : 400,
    inPath ? 'invalid_path' : 'invalid_body',
    `${where} ${first?.message ?? 'is invalid'}`,
  )
}

/** Answers what is not even HTTP; the connection is closed afterwards. */
export function answerClientError(
  app: FastifyInstance,
  error: Error & { code?: string },
  socket: Socket,
): void {
  const last = lastRequestOn(socket)
  const broken = last?.isArriving() ? last : undefined
  if (error.code === 'ECONNRESET' || !socket.writable || broken?.isAnswered()) {
    socket.destroy()
    return
  }
  const problem = CLIENT_ERRORS[error.code ?? '']?.() ?? NOT_HTTP()
  answerConnection(app, problem, socket, UNMATCHED, broken)
}

/** Answers CONNECT, for which Node.js has no response: this is no proxy. */
export function answerConnect(app: FastifyInstance, socket: Socket): void {
  answerConnection(app, new Problem(405, 'method_not_allowed', 'Method Not Allowed'), socket, 'CONNECT')
}

/** @param broken the request that is answered with this, when so much of it has arrived that it is under way */
function answerConnection(
  app: FastifyInstance,
  problem: Problem,
  socket: Socket,
  method: string,
  broken?: LastRequest,
): void {
  const { status } = problem
  const id = broken?.id ?? randomUUID().replaceAll('-', '')
  const body = JSON.stringify(problemBody(problem, id))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${PROBLEM_JSON}\r\n` +
      `x-request-id: ${id}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  if (broken) {
    broken.statusWhenCut = status
    return
  }
  const log = app.log.child({ request_id: id, trace_id: id })
  const outcome = { method, route: UNMATCHED, path: UNMATCHED, status, seconds: 0 }
  for (const listener of app.outcomeListeners) listener(outcome, { log })
}

const NOT_HTTP = () => new Problem(400, 'bad_request', 'The request is not valid HTTP')

const CLIENT_ERRORS: Record<string, () => Problem> = {
  ERR_HTTP_REQUEST_TIMEOUT: () => new Problem(408, 'request_timeout', 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: () => new Problem(431, 'headers_too_large', 'The headers are too large'),
}
