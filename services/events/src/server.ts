import { loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { run } from '@quickticket/kit/run'
import { tokenToSend } from '@quickticket/kit/service-token'
import manifest from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { variables } from './config.ts'
import { connectHolds, connectPostgres, migrateDatabase } from './connections.ts'
import { createPaymentsClient } from './payments-client.ts'

await run('events', async () => {
  const config = loadConfig(variables, process.env)
  const log = createLog('events', config.LOG_LEVEL)
  const app = await buildApp(config, config.APP_VERSION || manifest.version, log, {
    postgres: connectPostgres(config, log),
    holds: connectHolds(config, log),
    payments: createPaymentsClient(config.PAYMENTS_URL, tokenToSend(config.SERVICE_TOKEN)),
    migrate: (only) => migrateDatabase(config, log, only),
  })
  return { app, config, log }
})
