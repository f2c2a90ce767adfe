import type { App } from '@quickticket/kit/app'
import { bearerToken, createSecretCheck, unauthorized } from '@quickticket/kit/bearer'
import { Problem } from '@quickticket/kit/problem'
import { Type } from '@quickticket/kit/schema'
import type { FastifyBaseLogger } from 'fastify'
import type { LiveRule } from './engine.ts'
import { type GroundTruth, SEALED } from './ground-truth.ts'
import type { LiveRules } from './live-rules.ts'
import { parseFaults } from './parse.ts'
import type { Rule } from './rule.ts'
import { FaultSyntaxError } from './syntax-error.ts'

const Change = Type.Object(
  {
    faults: Type.String({
      description: 'rules as in the variable FAULTS',
      examples: ['GET /events* 10% latency=200ms'],
    }),
  },
  { title: 'FaultChange' },
)

const State = Type.Object(
  {
    faults: Type.String({ description: 'all rules, as in the variable FAULTS' }),
    rules: Type.Array(
      Type.Object({
        fault: Type.String(),
        method: Type.String(),
        path: Type.String(),
        share_percent: Type.Number(),
        after_ms: Type.Number(),
        for_ms: Type.Union([Type.Number(), Type.Null()], { description: 'null: until it is taken away' }),
        active: Type.Boolean({ description: 'whether this is its time' }),
        injected: Type.Integer({ description: 'how often it has struck' }),
      }),
    ),
  },
  { title: 'Faults' },
)

const wrongToken = () => unauthorized('faults', undefined)
const mistake = () => invalidFaults(new FaultSyntaxError('"explode" is no fault', 'GET /a 5% explode', 10))

const schema = {
  tags: ['operations'],
  security: [{ faultToken: [] }],
  response: { 200: State },
  problems: [wrongToken],
}
const TEXTS = {
  get: {
    operationId: 'getFaults',
    summary: 'Faults in force',
    description: 'What is injected on purpose, and how often it has struck.',
  },
  replace: {
    operationId: 'replaceFaults',
    summary: 'Replace all faults',
    description: 'They count from now. Repeating it starts them again.',
    problems: [wrongToken, mistake],
  },
  end: {
    operationId: 'endFaults',
    summary: 'End all faults',
    description: 'Repeating it is safe.',
  },
}

export interface FaultRoutesDeps {
  rules: LiveRules
  truth: GroundTruth
  token: string
  /** whether there is a pool for db-pool-leak */
  hasPool: boolean
}

/** GET, PUT and DELETE /faults; each needs the token. */
export function faultRoutes(app: App, { rules, truth, token, hasPool }: FaultRoutesDeps): void {
  const config = { ops: true, ownToken: true }
  const isToken = createSecretCheck([token])

  // a scope of its own: token and body parser are for these routes only
  app.register((scope: App, _options, done) => {
    readJson(scope)
    scope.addHook('onRequest', async (request) => authorize(request.headers.authorization, isToken))
    scope.get('/faults', { config, schema: { ...schema, ...TEXTS.get } }, async () => state())
    scope.put(
      '/faults',
      { config, schema: { ...schema, ...TEXTS.replace, body: Change } },
      async ({ body, log }) => change(read(body.faults, hasPool), log),
    )
    scope.delete('/faults', { config, schema: { ...schema, ...TEXTS.end } }, async ({ log }) =>
      change([], log),
    )
    done()
  })

  function change(given: Rule[], log: FastifyBaseLogger) {
    rules.replace(given)
    truth.announce(given, rules.seed, log)
    return state()
  }

  function state() {
    if (truth.sealed) return { faults: SEALED, rules: [] }
    const live = rules.list()
    return { faults: live.map(({ text }) => text).join('; '), rules: live.map(described) }
  }
}

/** Parses JSON, also in a service whose other routes forward bodies unparsed. */
function readJson(scope: App): void {
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    scope.getDefaultJsonParser('remove', 'remove'),
  )
}

/** @throws {Problem} 401 */
function authorize(header: string | undefined, isToken: (given: string) => boolean): void {
  const given = bearerToken(header)
  if (given === undefined || !isToken(given)) throw unauthorized('faults', given)
}

/** @throws {Problem} 400 */
function read(text: string, hasPool: boolean): Rule[] {
  try {
    return parseFaults(text, { hasPool })
  } catch (error) {
    if (!(error instanceof FaultSyntaxError)) throw error
    throw invalidFaults(error)
  }
}

function invalidFaults({ message, column }: FaultSyntaxError): Problem {
  return new Problem(400, 'invalid_faults', message, { details: { column } })
}

function described({ kind, method, path, share, afterMs, forMs, injected, isActive }: LiveRule) {
  return {
    fault: kind.name,
    method,
    path,
    share_percent: Number((share * 100).toPrecision(12)),
    after_ms: afterMs,
    for_ms: Number.isFinite(forMs) ? forMs : null,
    active: isActive(),
    injected,
  }
}
