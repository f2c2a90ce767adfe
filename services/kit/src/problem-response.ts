import { type Problem, problemBody } from './problem.ts'
import { problemType } from './problem-type.ts'

/** Makes a problem as the code throws it, so that the documentation shows what clients get. */
export type DocumentedProblem = () => Problem

export const REQUEST_ID_HEADER = { 'x-request-id': { $ref: '#/components/headers/RequestId' } }

/** One response of an OpenAPI document, with an example for each of the problems that it may be. */
export function problemResponse(what: string, problems: readonly Problem[]) {
  const byCode = new Map(problems.map((problem) => [problem.code, problem]))
  const links = [...byCode.keys()].map((code) => `[\`${code}\`](${problemType(code)})`)
  const examples = [...byCode].map(([code, problem]) => [
    code,
    { summary: problem.message, value: problemBody(problem, EXAMPLE_ID) },
  ])
  return {
    description: `${what}: ${links.join(', ')}`,
    headers: { ...REQUEST_ID_HEADER, ...headersOf(problems) },
    content: { 'application/problem+json': { schema: PROBLEM, examples: Object.fromEntries(examples) } },
  }
}

function headersOf(problems: readonly Problem[]) {
  const names = new Set(problems.flatMap(({ headers }) => Object.keys(headers)))
  return Object.fromEntries(
    [...names].map((name) => [name, { description: HEADERS[name] ?? name, schema: { type: 'string' } }]),
  )
}

const HEADERS: Record<string, string> = {
  'retry-after': 'seconds after which trying again makes sense',
  'www-authenticate': 'how to authenticate, RFC 6750',
}

const EXAMPLE_ID = '3f0c2f4e8a1b4c6d9e7f5a2b1c3d4e5f'

/** RFC 9457 and our additional members. */
const PROBLEM = {
  title: 'Problem',
  type: 'object',
  description: 'Problem details, RFC 9457. Some problems carry more fields.',
  required: ['type', 'title', 'status', 'detail', 'error', 'request_id'],
  properties: {
    type: {
      type: 'string',
      format: 'uri-reference',
      description: 'leads to a page that explains the problem; relative to the service that answers',
    },
    title: { type: 'string', description: 'the name of the status' },
    status: { type: 'integer', minimum: 400, maximum: 599, description: 'the status of the answer' },
    detail: { type: 'string', description: 'a sentence for people' },
    error: {
      type: 'string',
      pattern: '^[a-z][a-z0-9_]*$',
      description: 'a code for programs, which never changes',
    },
    request_id: { type: 'string', description: 'finds this request in the logs of all services' },
    trace_id: { type: 'string', description: 'its trace, where that is not the request id' },
    message: { type: 'string', description: 'what this means for a payment and its reservation' },
    reservation_id: { type: 'string', description: 'the reservation that could not be paid' },
    available: { type: 'integer', minimum: 0, description: 'tickets that are left' },
    path: { type: 'string', description: 'the path whose limit is reached' },
    limit_rps: { type: 'integer', description: 'how many requests a second it takes' },
    column: { type: 'integer', description: 'where in the text the mistake is' },
  },
  additionalProperties: true,
}
