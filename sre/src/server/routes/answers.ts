import type { App } from '@quickticket/kit/app'
import { Type } from '@quickticket/kit/schema'
import { computeBudgets } from '../../budget/compute.ts'
import type { Context } from '../../context.ts'
import { decideGate } from '../../gate/decide.ts'
import { chooseObjectives } from '../../objectives.ts'

const tags = ['reliability']

/** GET /gate?service=S and /budgets: what `sre gate --json` and `sre budget --json` print. */
export function answerRoutes(app: App, context: Context): void {
  app.get(
    '/gate',
    {
      schema: {
        tags,
        querystring: Type.Object({ service: Type.Optional(Type.String({ maxLength: 100 })) }),
      },
    },
    async ({ query: { service } }) => decideGate(context, service),
  )

  app.get('/budgets', { schema: { tags } }, async () => {
    const answers = await computeBudgets(context, chooseObjectives([]))
    return answers.map(({ slo, budget, unknown }) => budget ?? { slo: slo.name, unknown: unknown?.message })
  })
}
