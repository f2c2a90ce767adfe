import { createApp } from '@quickticket/kit/app'
import { loadConfig } from '@quickticket/kit/config'
import { docs } from '@quickticket/kit/docs'
import { probes } from '@quickticket/kit/health'
import { metrics } from '@quickticket/kit/metrics'
import { captureLog } from '@quickticket/testing/captured-log'
import { collectOutcomes } from '@quickticket/testing/outcomes'
import { listen } from '@quickticket/testing/raw-http'
import { onTestFinished } from 'vitest'
import { faults } from '../src/faults.ts'
import type { LeakyPool } from '../src/kinds/db-pool-leak.ts'
import { faultVariables } from '../src/variables.ts'

export const TOKEN = 'let me in'
export const THINGS = { things: ['a', 'b', 'c'] }

/** A service with a few routes, as it is with these variables. It listens when it is asked where. */
export async function faultyApp(env: Record<string, string>, { pool }: { pool?: LeakyPool } = {}) {
  const config = loadConfig(faultVariables, { FAULT_SEED: '1', ...env })
  const logs = captureLog()
  const app = createApp({ log: logs.log, maxConcurrentRequests: 0 })
  onTestFinished(() => app.close())
  const outcomes = collectOutcomes(app)
  const identity = { service: 'example', version: '1' }
  const registry = metrics(app, identity)
  await docs(app, { title: 'Example', version: '1', description: '' })
  probes(app, identity)
  const handled: string[] = []
  faults(app, config, { service: 'example', registry, ...(pool && { pool }) })
  app.get('/health', { config: { ops: true } }, async () => ({ status: 'healthy' }))
  app.addHook('preHandler', async (request) => void handled.push(request.url))
  app.get('/things', async () => THINGS)
  app.get('/things/:id', async () => THINGS)
  app.post('/things', async () => THINGS)
  app.get('/nothing-to-say', async (_request, reply) => reply.code(204).send())
  return {
    app,
    logs,
    outcomes,
    /** the URLs that came through to a handler */
    handled,
    listen: () => listen(app),
    injected: () => logs.lines().filter(({ msg }) => msg === 'injected fault'),
    /** Asks for /faults with the token. */
    admin: (method: 'GET' | 'PUT' | 'DELETE', faults?: string) =>
      app.inject({
        method,
        url: '/faults',
        headers: { authorization: `Bearer ${TOKEN}` },
        ...(faults !== undefined && { payload: { faults } }),
      }),
  }
}
