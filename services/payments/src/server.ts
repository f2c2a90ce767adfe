import { loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { run } from '@quickticket/kit/run'
import manifest from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { variables } from './config.ts'

await run('payments', async () => {
  const config = loadConfig(variables, process.env)
  // a charge has taken effect when its ledger line is written: no answer may come before that
  const log = createLog('payments', config.LOG_LEVEL, { sync: true })
  const app = await buildApp(config, config.APP_VERSION || manifest.version, log)
  return { app, config, log }
})
