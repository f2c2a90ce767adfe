import { type App, createApp } from '@quickticket/kit/app'
import { probes } from '@quickticket/kit/health'
import type { Log } from '@quickticket/kit/log'
import { metrics } from '@quickticket/kit/metrics'
import type { Context } from '../context.ts'
import { readIncidentRules } from '../incident/rules.ts'
import { pageRoute } from '../page/routes.ts'
import type { ServerConfig } from './config.ts'
import { createFollowUp } from './follow-up.ts'
import { createIncidentAnswers } from './incident-answers.ts'
import { createServerMetrics } from './metrics.ts'
import { answerVerbErrors } from './problems.ts'
import type { ReopenedStore } from './reopened-store.ts'
import { alertsRoute } from './routes/alerts.ts'
import { answerRoutes } from './routes/answers.ts'
import { changeRoutes } from './routes/changes.ts'
import { incidentRoutes } from './routes/incidents.ts'
import { requireToken } from './token.ts'
import { watchAlerts } from './watch.ts'

export interface ServerDeps {
  /** its store is the one below */
  context: Context
  store: ReopenedStore
  version: string
  log: Log
}

/** Takes alerts, and answers what is known about incidents, budgets and releases. */
export function createServer(config: ServerConfig, { context, store, version, log }: ServerDeps): App {
  const rules = readIncidentRules()
  const app = createApp({ log, maxConcurrentRequests: config.MAX_CONCURRENT_REQUESTS })
  const identity = { service: 'sre', version }
  const ownMetrics = createServerMetrics(metrics(app, identity), store)
  const answers = createIncidentAnswers(store)
  const followUp = createFollowUp(context, rules, log)
  const { now } = context

  // ready without its database too: it answers what it can, and says what it cannot
  probes(app, identity)
  app.register((scope: App, _options, done) => {
    answerVerbErrors(scope)
    requireToken(scope, config.SRE_TOKEN)
    alertsRoute(scope, { store, rules, metrics: ownMetrics, now, onReceived: followUp.start })
    incidentRoutes(scope, { answers, now })
    changeRoutes(scope, { store, now })
    answerRoutes(scope, context)
    pageRoute(scope, context)
    done()
  })

  const stopWatching = watchAlerts(context, {
    everyMs: config.SRE_CATCH_UP_MS,
    rules,
    log,
    onReceived: followUp.start,
    async afterLook() {
      answers.refresh()
      await followUp.retry()
    },
  })
  app.addHook('onClose', async () => {
    await Promise.all([stopWatching(), followUp.stop()])
    store.close()
  })
  return app
}
