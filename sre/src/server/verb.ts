import { join } from 'node:path'
import { ConfigError } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { run } from '@quickticket/kit/run'
import manifest from '../../package.json' with { type: 'json' }
import { recoverInterrupted } from '../chaos/recover.ts'
import type { Context } from '../context.ts'
import { type Answer, UsageError, type Verb } from '../verb.ts'
import { createServer } from './app.ts'
import { readServerConfig, type ServerConfig } from './config.ts'
import { createReopenedStore } from './reopened-store.ts'
import { sampleSizes } from './sample-sizes.ts'

export const verb: Verb = {
  usage: `npm run sre -- serve

Takes Alertmanager's webhook at POST /alerts, makes incidents of the alerts, and answers as a page and as JSON. Runs until it is
stopped. The address is HOST and SRE_PORT, http://localhost:3090 without them. SRE_TOKEN is what the webhook and each changing
request must show (Authorization: Bearer …); without it both are refused. SRE_CATCH_UP_MS (15000) is the time between two looks
at Alertmanager and Prometheus for alerts that did not arrive. How alerts become incidents is in sre/incidents.yaml.`,
  options: {},
  run: serve,
}

async function serve(context: Context): Promise<Answer> {
  const config = readConfig(context)
  if (config.SRE_TOKEN === '')
    context.progress('SRE_TOKEN is not set: alerts and changes are refused, the rest is answered')
  await run('sre', async () => {
    const log = createLog('sre', config.LOG_LEVEL)
    const store = createReopenedStore(join(context.dataDir, 'sre.db'), (trouble) => {
      if (trouble === undefined) log.info('the database works again')
      else log.error({ reason: trouble }, 'the database cannot be used')
    })
    const withStore: Context = Object.create(context, { store: { value: store } })
    // what a killed experiment has left is undone beside the server, which must be there at once
    recoverInterrupted(withStore).catch((error: Error) =>
      log.warn({ reason: error.message }, 'could not undo what an experiment left behind'),
    )
    const app = createServer(config, {
      context: withStore,
      store,
      version: config.APP_VERSION || manifest.version,
      log,
    })
    const stopSampling = sampleSizes(withStore, log)
    app.addHook('onClose', async () => stopSampling())
    return { app, config, log }
  })
  return { ok: true, text: '', json: {} }
}

/** @throws {UsageError} when a variable is wrong */
function readConfig({ env }: Context): ServerConfig {
  try {
    return readServerConfig(env)
  } catch (error) {
    if (error instanceof ConfigError)
      throw new UsageError(env.SRE_PORT ? error.message.replace(' PORT=', ' SRE_PORT=') : error.message)
    throw error
  }
}
