import type { Case, SqlCase } from './cases.ts'
import { databaseUrl } from './databases.ts'
import { flushRedis, type Ground } from './ground.ts'
import type { LoadProcess } from './load-process.ts'
import { runPgbench } from './pgbench.ts'
import { cpuSeconds, hasProc } from './proc.ts'
import type { Stand, Stands } from './stands.ts'

/** One run of one case. */
export interface Sample {
  perSecond: number
  p50Ms?: number
  p99Ms?: number
  maxMs?: number
  /** CPU seconds for 1,000 requests, by service; postgres and redis too */
  cpuPer1000?: Record<string, number>
  /** of the process that makes the load; near 1 it was the bottleneck itself */
  loadCores?: number
}

export interface Bench {
  ground: Ground
  stands: Stands
  load: LoadProcess
}

export async function measure(
  each: Case,
  { ground, stands, load }: Bench,
  times: { warmUpS: number; seconds: number },
): Promise<Sample> {
  if (each.kind !== 'http') return measureSql(each, ground.postgresPort, load, times)
  const { connections } = each
  const stand = await stands.stand(each.stand)
  await flushRedis(stand.redis.port)
  const url = each.url?.(stand) ?? stand.url
  const job = { what: 'http', url, plan: each.plan, connections } as const
  await load.run({ ...job, seconds: times.warmUpS, warmUpS: 0 })
  const before = cpuOf(stand, ground.postgresPid)
  const result = await load.run({ ...job, seconds: times.seconds, warmUpS: 0 })
  const cpuPer1000 = before && perThousand(before, cpuOf(stand, ground.postgresPid) ?? {}, result.count)
  return { ...latencies(result), loadCores: result.ownCores, ...(cpuPer1000 && { cpuPer1000 }) }
}

async function measureSql(
  { kind, transaction, database, connections }: SqlCase,
  port: number,
  load: LoadProcess,
  times: { warmUpS: number; seconds: number },
): Promise<Sample> {
  if (kind === 'pgbench') {
    return { perSecond: await runPgbench(port, transaction, { connections, ...times }) }
  }
  const connectionString = databaseUrl(port, database)
  const result = await load.run({ what: 'sql', connectionString, transaction, connections, ...times })
  return { ...latencies(result), loadCores: result.ownCores }
}

function latencies({
  perSecond,
  p50Ms,
  p99Ms,
  maxMs,
}: Required<Pick<Sample, 'perSecond' | 'p50Ms' | 'p99Ms' | 'maxMs'>>) {
  return { perSecond, p50Ms, p99Ms, maxMs }
}

function cpuOf({ children, redis }: Stand, postgresPid: number): Record<string, number> | undefined {
  if (!hasProc) return undefined
  const used: Record<string, number> = {}
  for (const { name, pid } of children) used[name] = (used[name] ?? 0) + cpuSeconds(pid)
  return { ...used, postgres: cpuSeconds(postgresPid, true), redis: cpuSeconds(redis.pid) }
}

function perThousand(before: Record<string, number>, after: Record<string, number>, count: number) {
  const entries = Object.entries(before).map(([name, used]) => [
    name,
    (((after[name] ?? used) - used) * 1000) / count,
  ])
  return Object.fromEntries(entries) as Record<string, number>
}
