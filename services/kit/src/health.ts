import type { App } from './app.ts'
import { Type } from './schema.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** true from the stop signal on: not ready, and connections are not kept */
    draining: boolean
  }
}

/**
 * GET /livez (the process runs), /readyz (it wants traffic) and /version.
 *
 * @param whyNotReady why the service's main route could not answer now; undefined when it could. For a service that answers
 * without a dependency it is left out: taking every replica out of service would turn errors into an outage.
 */
export function probes(
  app: App,
  identity: { service: string; version: string },
  whyNotReady: () => Promise<string | undefined> = async () => undefined,
): void {
  const status = Type.Object(
    {
      status: Type.String({ examples: ['ok'] }),
      reason: Type.Optional(Type.String({ description: 'why no traffic may be sent' })),
    },
    { title: 'Status' },
  )
  const config = { ops: true }
  const probe = { ...config, uncounted: true }
  const tags = ['operations']
  app.decorate('draining', false)
  app.addHook('onSend', async (_request, reply) => {
    if (app.draining) reply.header('connection', 'close')
  })

  app.get(
    '/livez',
    {
      config: probe,
      schema: {
        tags,
        operationId: 'isAlive',
        summary: 'Is the process alive?',
        description: 'It is when it answers, whatever becomes of the services that it needs.',
        response: { 200: status },
      },
    },
    async () => ({
      status: 'ok',
    }),
  )

  app.get(
    '/readyz',
    {
      config: probe,
      schema: {
        tags,
        operationId: 'isReady',
        summary: 'May traffic be sent here?',
        description: 'Not before it can answer, and not from the stop signal on.',
        response: { 200: status, 503: status },
      },
    },
    async (_request, reply) => {
      if (app.draining) return reply.code(503).send({ status: 'draining' })
      const reason = await whyNotReady()
      if (reason !== undefined) return reply.code(503).send({ status: 'not ready', reason })
      return { status: 'ok' }
    },
  )

  app.get(
    '/version',
    {
      config,
      schema: {
        tags,
        operationId: 'getVersion',
        summary: 'What runs here',
        description: 'The service, its version and that of Node.js.',
        response: { 200: Version },
      },
    },
    async () => ({ ...identity, node: process.version }),
  )
}

/**
 * The shortest time between two rounds of checks, in milliseconds: a flood of health requests shares them. Each is answered
 * by a round that began after it came.
 */
export const SHARED_CHECK_MS = 100

const Version = Type.Object(
  {
    service: Type.String({ examples: ['events'] }),
    version: Type.String({ examples: ['1.0.0'] }),
    node: Type.String({ examples: ['v24.21.0'] }),
  },
  { title: 'Version' },
)

export type CheckResult = 'ok' | 'degraded' | 'down'

/** `down` when the check rejects or takes longer than the deadline. */
export async function check(ask: () => Promise<CheckResult>, timeoutMs: number): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'down')
  })
  try {
    return await Promise.race([ask(), tooLate])
  } catch {
    // health shows the state only; a request that fails for the same reason logs it
    return 'down'
  } finally {
    clearTimeout(timer)
  }
}
