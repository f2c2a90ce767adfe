import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import { assign, createIncident, report, resolve } from '../../incident/change.ts'
import { getIncident, type Incident, type Severity } from '../../incident/incident.ts'
import { incidentJson } from '../../incident/json.ts'
import type { Store } from '../../store/store.ts'

/** Not only blanks. */
const text = (maxLength: number) => Type.String({ pattern: '\\S', maxLength })
const severity = Type.Integer({ minimum: 1, maximum: 4 })
const services = Type.Array(text(100), { maxItems: 50 })
const author = Type.Optional(text(100))
const params = Type.Object({ id: Type.String({ maxLength: 20 }) })
const closed = { additionalProperties: false }

const NewIncident = Type.Object(
  {
    title: text(200),
    severity,
    services: Type.Optional(services),
    commander: Type.Optional(text(100)),
    author,
  },
  closed,
)
const Update = Type.Object(
  {
    status: Type.Optional(Type.Enum(['investigating', 'identified', 'monitoring'])),
    severity: Type.Optional(severity),
    services: Type.Optional(Type.Array(text(100), { minItems: 1, maxItems: 50 })),
    note: Type.Optional(text(10_000)),
    author,
  },
  {
    ...closed,
    // who says it is not enough
    anyOf: [
      { required: ['status'] },
      { required: ['severity'] },
      { required: ['services'] },
      { required: ['note'] },
    ],
  },
)
const Assignment = Type.Object({ commander: text(100), author }, closed)
const Resolution = Type.Object({ note: Type.Optional(text(10_000)), author }, closed)

const tags = ['incidents']

/** What people change over HTTP; the same as `sre incident new|update|assign|resolve`. */
export function changeRoutes(app: App, { store, now }: { store: Store; now(): number }): void {
  const change = (by: string | undefined) => ({ author: by ?? 'api', now: now() })
  const numbered = (id: string): number => getIncident(store, id).number
  const answer = (incident: Incident) => incidentJson(incident)

  app.post('/incidents', { schema: { tags, body: NewIncident } }, async ({ body }, reply) => {
    const { author: by, severity: given, services: affected = [], ...rest } = body
    const incident = createIncident(
      store,
      { ...rest, severity: given as Severity, services: affected },
      change(by),
    )
    return reply.code(201).header('location', `/incidents/${incident.id}`).send(answer(incident))
  })

  app.post(
    '/incidents/:id/updates',
    { schema: { tags, params, body: Update } },
    async ({ params: { id }, body: { author: by, ...given } }) =>
      answer(report(store, numbered(id), given as Parameters<typeof report>[2], change(by))),
  )

  app.post(
    '/incidents/:id/assign',
    { schema: { tags, params, body: Assignment } },
    async ({ params: { id }, body }) =>
      answer(assign(store, numbered(id), body.commander, change(body.author))),
  )

  app.post(
    '/incidents/:id/resolve',
    { schema: { tags, params, body: Resolution }, preValidation: allowNoBody },
    async ({ params: { id }, body: { author: by, ...given } }) =>
      answer(resolve(store, numbered(id), { ...given, ...change(by) })),
  )
}

/** There may be nothing to say. */
async function allowNoBody(request: { body: unknown }): Promise<void> {
  request.body ??= {}
}
