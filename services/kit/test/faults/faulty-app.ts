import { onTestFinished } from 'vitest'
import { createApp } from '../../src/app.ts'
import { commonVariables, loadConfig } from '../../src/config.ts'
import { docs } from '../../src/docs.ts'
import { faults } from '../../src/faults/faults.ts'
import type { LeakyPool } from '../../src/faults/pool-leak.ts'
import { probes } from '../../src/health.ts'
import { metrics } from '../../src/metrics.ts'
import { captureLog } from '../captured-log.ts'
import { collectOutcomes } from '../outcomes.ts'
import { listen } from '../raw-http.ts'

export const TOKEN = 'let me in'
export const THINGS = { things: ['a', 'b', 'c'] }

/** A service with a few routes, as it is with these variables. It listens when it is asked where. */
export async function faultyApp(env: Record<string, string>, { pool }: { pool?: LeakyPool } = {}) {
  const config = loadConfig(commonVariables, { FAULT_SEED: '1', ...env })
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
