import { expect } from 'vitest'
import type { Answer } from './http.ts'

export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  error: string
  request_id: string
  [more: string]: unknown
}

/** An error is problem details (RFC 9457) with a stable code and the id of its request. */
export function expectProblem(answer: Answer, status: number, error?: string): Problem {
  expect({ status: answer.status, body: answer.text }).toMatchObject({ status })
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.json).toMatchObject({
    type: expect.any(String),
    title: expect.stringMatching(/\S/),
    status,
    detail: expect.stringMatching(/\S/),
    error: error ?? expect.stringMatching(/^[a-z][a-z0-9_]*$/),
    request_id: expect.stringMatching(/\S/),
  })
  const problem = answer.json as Problem
  expect(answer.headers['x-request-id']).toBe(problem.request_id)
  expectNoLeak(answer.text)
  return problem
}

/** Nothing of a stack, of SQL, of the machine's files or of what a dependency said. */
export function expectNoLeak(json: string): void {
  const body = json.replaceAll('\\"', '"').replaceAll('\\n', '\n')
  expect(body).not.toMatch(/\n\s*at |\.[cm]?[jt]s:\d+|node_modules|node:internal|\/src\//)
  expect(body).not.toMatch(/\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|relation "|syntax error at)\b/)
  expect(body).not.toMatch(/E(CONNREFUSED|CONNRESET|NOTFOUND|TIMEDOUT|PIPE)|127\.0\.0\.1|localhost/)
  expect(body).not.toMatch(/ioredis|MaxRetriesPerRequest|Lua|postgres:\/\/|undici|fastify|FST_ERR/i)
  expect(body).not.toMatch(/\/(usr|etc|home|root|var|tmp)\//)
}
