import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import { detailedJson } from '../../incident/json.ts'
import { renderIncidentPage } from '../../page/incident-page.ts'
import { sendPage } from '../../page/routes.ts'
import type { IncidentAnswers } from '../incident-answers.ts'

export interface IncidentRoutesDeps {
  answers: IncidentAnswers
  now(): number
}

/** GET /incidents and /incidents/{id}. While the database cannot be read they answer what was read last. A browser gets a page. */
export function incidentRoutes(app: App, { answers, now }: IncidentRoutesDeps): void {
  app.get('/incidents', { schema: { tags: ['incidents'] } }, async () => {
    const incidents = answers.list()
    return { database: answers.database(), incidents }
  })

  app.get(
    '/incidents/:id',
    { schema: { tags: ['incidents'], params: Type.Object({ id: Type.String({ maxLength: 20 }) }) } },
    async ({ params: { id }, headers }, reply) => {
      const details = answers.one(id)
      const database = answers.database()
      if (headers.accept?.includes('text/html'))
        return sendPage(reply, renderIncidentPage(details, { now: now(), trouble: database.reason }))
      return { database, ...detailedJson(details) }
    },
  )
}
