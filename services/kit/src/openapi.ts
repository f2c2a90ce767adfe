import type { FastifySchema, RouteOptions } from 'fastify'
import { unauthorized } from './bearer.ts'
import { bodyProblems, otherProblems, pathProblems, requestProblems } from './errors.ts'
import { nameSchemas } from './named-schemas.ts'
import { STATUS_CODES } from './node-http.ts'
import { overloaded } from './overload.ts'
import { type DocumentedProblem, problemResponse, REQUEST_ID_HEADER } from './problem-response.ts'
import { DOCUMENTED_AS } from './schema.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** For the documentation: the problems that this route's code throws, without those that any route may answer. */
    problems?: readonly DocumentedProblem[]
  }
}

export interface DocsInfo {
  title: string
  description: string
  version: string
  /** descriptions of the tags of its routes */
  tags?: Record<string, string>
  /** problems of any route that is not for operations, without those of every service */
  problems?: readonly DocumentedProblem[]
  /** whether those routes require the service token */
  needsServiceToken?: boolean
}

/** The frame of the document, for @fastify/swagger. */
export function documentFrame({ title, description, version, tags = {} }: DocsInfo) {
  const described = {
    ...tags,
    operations: 'For those who run the service: probes, health, version and faults',
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      description,
      version,
      contact: { name: 'The SRE course', url: 'https://github.com/inno-devops-labs/SRE-Intro' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'the service that serves this document' }],
    tags: Object.entries(described).map(([name, text]) => ({ name, description: text })),
    components: { securitySchemes: SECURITY_SCHEMES },
  }
}

const SECURITY_SCHEMES = {
  serviceToken: { type: 'http', scheme: 'bearer', description: 'one of the tokens in SERVICE_TOKEN' },
  faultToken: { type: 'http', scheme: 'bearer', description: 'the value of FAULT_ADMIN_TOKEN' },
} as const

/** A route's schema as the documentation shows it: integers that are validated as text are shown as integers. */
export function shownSchema(schema: FastifySchema): FastifySchema {
  return {
    ...schema,
    ...(schema.params !== undefined && { params: shownProperties(schema.params) }),
    ...(schema.querystring !== undefined && { querystring: shownProperties(schema.querystring) }),
  }
}

function shownProperties(parameters: unknown): unknown {
  const { properties = {}, ...rest } = parameters as { properties?: Record<string, Shown> }
  const shown = Object.entries(properties).map(([name, schema]) => [name, schema[DOCUMENTED_AS] ?? schema])
  return { ...rest, properties: Object.fromEntries(shown) }
}

interface Shown {
  [DOCUMENTED_AS]?: object
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, { responses: Record<string, OpenApiResponse>; security?: object[] }>>
  components: Record<string, Record<string, unknown>>
  security?: object[]
}

interface OpenApiResponse {
  description: string
  headers?: Record<string, object>
  content?: Record<string, object>
}

/** Adds to the document what @fastify/swagger does not know: problems, the request id, and names for schemas. */
export function completeDocument(
  document: OpenApiDocument,
  routes: readonly RouteOptions[],
  info: DocsInfo,
): OpenApiDocument {
  for (const route of routes) {
    for (const method of [route.method].flat()) {
      const operation = document.paths[templateOf(route.url)]?.[method.toLowerCase()]
      if (!operation) continue
      for (const [status, response] of Object.entries(operation.responses)) {
        if (response.description === 'Default Response')
          response.description = STATUS_CODES[status] ?? 'An answer'
        response.headers = { ...response.headers, ...REQUEST_ID_HEADER }
      }
      if (asksForToken(route, info)) operation.security = [{ serviceToken: [] }]
      Object.assign(operation.responses, problemResponses(route, method, info))
    }
  }
  document.components = { ...document.components, headers: { RequestId: REQUEST_ID } }
  document.components.securitySchemes = usedSchemes(document)
  document.security = []
  return nameSchemas(document)
}

function asksForToken({ config }: RouteOptions, { needsServiceToken }: DocsInfo): boolean {
  return needsServiceToken === true && !config?.ops
}

function usedSchemes({ paths }: OpenApiDocument) {
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const used = new Set(operations.flatMap(({ security = [] }) => security.flatMap(Object.keys)))
  return Object.fromEntries(Object.entries(SECURITY_SCHEMES).filter(([name]) => used.has(name)))
}

function templateOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

/** Responses by status. Problems of any request that have no status here are the `default` response. */
function problemResponses(route: RouteOptions, method: string, info: DocsInfo) {
  const byStatus = new Map<number, ReturnType<DocumentedProblem>[]>()
  for (const make of ownProblems(route, method, info)) {
    const problem = make()
    byStatus.set(problem.status, [...(byStatus.get(problem.status) ?? []), problem])
  }
  const others = []
  for (const make of [...otherProblems, ...(route.config?.ops ? [] : [() => overloaded()])]) {
    const problem = make()
    const known = byStatus.get(problem.status)
    if (known) known.push(problem)
    else others.push(problem)
  }
  const documented = [...byStatus].map(([status, problems]) => [
    status,
    problemResponse(STATUS_CODES[status] ?? 'Error', problems),
  ])
  return Object.fromEntries([...documented, ['default', problemResponse('Any other problem', others)]])
}

function ownProblems(route: RouteOptions, method: string, info: DocsInfo) {
  const { schema = {}, url, config, schemaErrorFormatter, validatorCompiler } = route
  // or by the service that it is passed on to
  const isExplainedByRoute = schemaErrorFormatter !== undefined || validatorCompiler !== undefined
  const isRead = schema.body !== undefined
  return [
    ...(schema.problems ?? []),
    ...requestProblems,
    ...(url.includes(':') ? pathProblems(isExplainedByRoute) : []),
    ...(method === 'GET' ? [] : bodyProblems({ isRead, isExplainedByRoute })),
    ...(config?.ops ? [] : (info.problems ?? [])),
    ...(asksForToken(route, info) ? [() => unauthorized('service', undefined)] : []),
  ]
}

const REQUEST_ID = {
  description: 'the id of this request, in every log line that it leaves in any service',
  schema: { type: 'string', examples: ['3f0c2f4e8a1b4c6d9e7f5a2b1c3d4e5f'] },
}
