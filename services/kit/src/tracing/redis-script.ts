import type { Redis } from 'ioredis'
import { inClientSpan } from './current.ts'

/** Makes a client span of each call of a script. @param command the name that `defineCommand` was given */
export function traceScript(redis: Redis, command: string, script: string): void {
  const scripts = redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const run = scripts[command]
  const { host = '', port = 6379 } = redis.options
  const attributes = {
    'db.system.name': 'redis',
    'db.operation.name': 'EVALSHA',
    'db.stored_procedure.name': script,
    'server.address': host,
    'server.port': port,
  }
  scripts[command] = (...args) =>
    inClientSpan(`EVALSHA ${script}`, attributes, async () => run?.apply(redis, args))
}
