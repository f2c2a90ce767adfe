import { loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { run } from '@quickticket/kit/run'
import manifest from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { variables } from './config.ts'

await run('notifications', async () => {
  const config = loadConfig(variables, process.env)
  const log = createLog('notifications', config.LOG_LEVEL)
  const app = await buildApp(config, config.APP_VERSION || manifest.version, log)
  return { app, config, log }
})
