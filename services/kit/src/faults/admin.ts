import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { App } from '../app.ts'
import { Problem } from '../problem.ts'
import { Type } from '../schema.ts'
import type { Control } from './control.ts'
import type { LiveRule } from './engine.ts'
import { type GroundTruth, SEALED } from './ground-truth.ts'
import { parseFaults } from './parse.ts'
import { FaultSyntaxError } from './piece.ts'
import type { Rule } from './rule.ts'

const Change = Type.Object({ faults: Type.String({ description: 'rules as in the variable FAULTS' }) })

const State = Type.Object({
  faults: Type.String(),
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
})

export interface FaultRoutesDeps {
  control: Control
  truth: GroundTruth
  token: string
  /** whether there is a pool for db-pool-leak */
  hasPool: boolean
}

/** GET, PUT and DELETE /faults, for whoever has the token. */
export function faultRoutes(app: App, { control, truth, token, hasPool }: FaultRoutesDeps): void {
  const config = { ops: true }
  const tags = ['operations']
  const response = { 200: State }

  // a scope of its own, because neither the token nor the way to read a body is the other routes' business
  app.register((scope: App, _options, done) => {
    readJson(scope)
    scope.addHook('onRequest', async (request) => authorize(request.headers.authorization, token))
    scope.get('/faults', { config, schema: { tags, summary: 'Faults in force', response } }, async () =>
      state(),
    )
    scope.put(
      '/faults',
      { config, schema: { tags, summary: 'Replace all faults', body: Change, response } },
      async ({ body, log }) => change(read(body.faults, hasPool), log),
    )
    scope.delete(
      '/faults',
      { config, schema: { tags, summary: 'End all faults', response } },
      async ({ log }) => change([], log),
    )
    done()
  })

  function change(rules: Rule[], log: FastifyBaseLogger) {
    control.replace(rules)
    truth.announce(rules, control.seed, log)
    return state()
  }

  function state() {
    if (truth.sealed) return { faults: SEALED, rules: [] }
    const rules = control.rules()
    return { faults: rules.map(({ text }) => text).join('; '), rules: rules.map(described) }
  }
}

/** JSON as everywhere else, also where other routes pass bodies on unread. */
function readJson(scope: App): void {
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    scope.getDefaultJsonParser('error', 'error'),
  )
}

/** @throws {Problem} 401 */
function authorize(header: string | undefined, token: string): void {
  const given = /^Bearer +(.*\S)/i.exec(header ?? '')?.[1]
  if (given !== undefined && isSame(given, token)) return
  const challenge =
    given === undefined ? 'Bearer realm="faults"' : 'Bearer realm="faults", error="invalid_token"'
  throw new Problem(401, 'unauthorized', 'The token in the Authorization header is missing or wrong', {
    headers: { 'www-authenticate': challenge },
  })
}

/** Takes as long whatever is given: of two hashes nobody can tell how much of the token was right. */
function isSame(given: string, token: string): boolean {
  const [one, other] = [given, token].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(one as Buffer, other as Buffer)
}

/** @throws {Problem} 400 */
function read(text: string, hasPool: boolean): Rule[] {
  try {
    return parseFaults(text, { hasPool })
  } catch (error) {
    if (!(error instanceof FaultSyntaxError)) throw error
    throw new Problem(400, 'invalid_faults', error.message, { details: { column: error.column } })
  }
}

function described({ fault, method, path, share, afterMs, forMs, injected, isActive }: LiveRule) {
  return {
    fault: fault.kind,
    method,
    path,
    share_percent: Number((share * 100).toPrecision(12)),
    after_ms: afterMs,
    for_ms: Number.isFinite(forMs) ? forMs : null,
    active: isActive(),
    injected,
  }
}
