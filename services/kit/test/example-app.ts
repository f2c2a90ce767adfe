import { captureLog } from '@quickticket/testing/captured-log'
import { type App, createApp } from '../src/app.ts'
import { probes } from '../src/health.ts'
import type { Log } from '../src/log.ts'
import { metrics } from '../src/metrics.ts'
import { Problem } from '../src/problem.ts'
import { Type } from '../src/schema.ts'
import type { Tracing } from '../src/tracing/tracing.ts'

/** A service with one route for each way in which a request can end. */
export function exampleApp({
  log = captureLog().log,
  maxConcurrentRequests = 0,
  tracing,
}: ExampleOptions = {}): App {
  const identity = { service: 'example', version: '1.2.3' }
  const app = createApp({ log, maxConcurrentRequests, tracing })
  metrics(app, identity)
  probes(app, identity)
  app.get('/things', async () => [])
  app.get('/things/:id', { schema: { params: Thing } }, async ({ params }) => ({ id: params.id }))
  app.post('/things', { schema: { body: NewThing } }, async ({ body }) => body)
  app.get('/gone', async () => {
    throw new Problem(410, 'gone', 'It was here', {
      details: { since: 'today' },
      headers: { 'x-more': 'yes' },
    })
  })
  app.get('/broken', async () => {
    throw new Error('secret: SELECT password FROM users')
  })
  app.get('/wrong-shape', { schema: { response: { 200: NewThing } } }, async () => ({ id: 1 }) as never)
  return app
}

interface ExampleOptions {
  log?: Log
  maxConcurrentRequests?: number
  tracing?: Tracing | undefined
}

const Thing = Type.Object({ id: Type.String({ pattern: '^[0-9]+$' }) })

const NewThing = Type.Object({ name: Type.String(), count: Type.Optional(Type.Integer({ minimum: 1 })) })
