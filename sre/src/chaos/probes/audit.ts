import { execFile } from 'node:child_process'
import { type Context, type Environment, REPOSITORY } from '../../context.ts'
import { objectAt } from '../../fields.ts'
import { CannotTell } from '../../verb.ts'
import type { Measurement, Probe } from '../probe.ts'
import { addressOf } from '../targets/components.ts'
import { findWorkload } from '../targets/workload.ts'

const TIMEOUT_MS = 14_000
const AUDIT = ['services/events/src/audit/main.ts', '--json']
const CANNOT_LOOK = 2

/** How many violations `npm run audit` finds: seats, orders and holds that do not agree. In a cluster it runs in a pod of events. */
export const audit: Probe<undefined> = {
  kind: 'audit',
  describe: () => 'violations that npm run audit finds',
  read(provider, path) {
    objectAt(provider, path, [])
    return undefined
  },
  async measure(context) {
    if (context.system !== 'cluster')
      return runAudit(process.execPath, argsOf(context), environmentOf(context))
    const { name } = await findWorkload('events')
    return runAudit('kubectl', ['exec', name, '-c', 'events', '--', 'node', ...AUDIT], context.env)
  },
}

function argsOf({ system }: Context): string[] {
  return system === 'local' ? ['local/src/with-stores.ts', ...AUDIT] : AUDIT
}

function environmentOf(context: Context): Environment {
  if (context.system === 'local') return context.env
  const postgres = addressOf(context, 'postgres')
  const redis = addressOf(context, 'redis')
  return {
    ...context.env,
    DB_HOST: postgres.host,
    DB_PORT: String(postgres.port),
    REDIS_HOST: redis.host,
    REDIS_PORT: String(redis.port),
  }
}

function runAudit(program: string, args: string[], env: Environment): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const options = { cwd: REPOSITORY, env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error && (typeof error.code !== 'number' || error.code >= CANNOT_LOOK)) {
        // a store that is stopped on purpose is measured, too
        if (error.code === CANNOT_LOOK) resolve('no answer')
        else reject(new CannotTell(`The audit failed: ${stderr.trim().split('\n').at(-1)}`, args.join(' ')))
        return
      }
      const { counts } = JSON.parse(stdout) as { counts: Record<string, number> }
      resolve(Object.values(counts).reduce((sum, count) => sum + count, 0))
    })
  })
}
