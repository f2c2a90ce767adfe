import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hostRequired } from './http-server/require-host.ts'
import { headersTooLarge, notHttp, requestTimeout } from './http-server/socket-answers.ts'
import { PROBLEM_JSON, Problem, problemBody } from './problem.ts'
import { watchResponse } from './request-outcome.ts'
import { pathOf } from './route-template.ts'
import { traceOf } from './trace.ts'

/** One error handler for the whole application: whatever is thrown becomes problem details. */
export function answerProblems(app: FastifyInstance) {
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answer(error.code === QUERY_WITHOUT_TYPE ? notFound(app, request) : error, request, reply),
  )
  app.setNotFoundHandler((request, reply) => answer(notFound(app, request), request, reply))
  return {
    /** For URLs that cannot be routed: no hook has run for these. */
    answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
      watchResponse(app, request, reply)
      const { problem } = asProblem(error)
      const trace = traceOf(request.raw)
      trace.problem = problem.code
      const body = JSON.stringify(problemBody(problem, request.id, trace.traceId))
      reply.raw.writeHead(problem.status, {
        'content-type': PROBLEM_JSON,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        'x-request-id': request.id,
      })
      reply.raw.end(body)
    },
  }
}

function answer(error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply) {
  const { problem, unexpected } = asProblem(error)
  request.trace.problem = problem.code
  if (unexpected) request.log.error({ err: error }, 'unexpected error')
  else if (problem.status >= 500)
    request.log.error({ err: problem.cause, error: problem.code }, problem.message)
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .type(PROBLEM_JSON)
    .serializer(JSON.stringify)
    .send(problemBody(problem, request.id, request.trace.traceId))
}

/** Fastify looks at what a QUERY carries before it looks for a route; no route here has this method. */
const QUERY_WITHOUT_TYPE = 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE'

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
  return { problem: internalError(), unexpected: true }
}

const internalError = () => new Problem(500, 'internal_error', 'Internal Server Error')
const unsupportedMediaType = () =>
  new Problem(415, 'unsupported_media_type', 'Send the body as application/json')
/** Of every route that is sent a body, also of one that reads none. */
export const malformedJson = () => new Problem(400, 'malformed_json', 'The body is not valid JSON')
const bodyTooLarge = () => new Problem(413, 'body_too_large', 'The body is larger than 64 KiB')
const badContentLength = () =>
  new Problem(400, 'bad_content_length', 'The body is not as long as Content-Length says')
const badUrl = () => new Problem(400, 'bad_url', 'The URL is not valid')
const urlTooLong = () => new Problem(414, 'url_too_long', 'A part of the URL is too long')
const invalidPath = (detail: string) => new Problem(422, 'invalid_path', detail)
/** Of an id that is no text of 1 to 100 characters, for the documentation. */
export const invalidId = () => invalidPath('id must NOT have fewer than 1 characters')
const invalidBody = (detail: string) => new Problem(400, 'invalid_body', detail)

const FRAMEWORK_PROBLEMS: Record<string, () => Problem> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: unsupportedMediaType,
  FST_ERR_CTP_INVALID_JSON_BODY: malformedJson,
  FST_ERR_CTP_BODY_TOO_LARGE: bodyTooLarge,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: badContentLength,
  FST_ERR_BAD_URL: badUrl,
  FST_ERR_MAX_PARAM_LENGTH: urlTooLong,
}

/** A path of the wrong shape is 422 as in FastAPI; a body of the wrong shape is 400. */
function invalid(error: FastifyError): Problem {
  const [first] = error.validation ?? []
  const where = first?.instancePath.slice(1).replaceAll('/', '.') || error.validationContext || 'request'
  const detail = `${where} ${first?.message ?? 'is invalid'}`
  return error.validationContext === 'params' ? invalidPath(detail) : invalidBody(detail)
}

/** For the documentation: what is wrong with a request before its route is asked, whatever the route. */
export const requestProblems = [notHttp, hostRequired]

/** For the documentation: what may go wrong with any request. */
export const otherProblems = [requestTimeout, headersTooLarge, internalError]

/** For the documentation: what is wrong with a path that has parameters. */
export function pathProblems(isExplainedByRoute: boolean) {
  return [badUrl, urlTooLong, ...(isExplainedByRoute ? [] : [invalidId])]
}

/** For the documentation: what is wrong with a body. */
export function bodyProblems({
  isRead,
  isExplainedByRoute,
}: {
  isRead: boolean
  isExplainedByRoute: boolean
}) {
  const shape = () => invalidBody("body must have required property 'amount'")
  return [
    ...(isRead ? [malformedJson] : []),
    ...(isRead && !isExplainedByRoute ? [shape] : []),
    badContentLength,
    bodyTooLarge,
    unsupportedMediaType,
  ]
}
