import { setTimeout as delay } from 'node:timers/promises'
import { CORE_SERVICES } from '@quickticket/contract/services'
import { type ComposeProject, createComposeProject } from '../compose-project.ts'
import { docker } from '../docker.ts'
import { get } from '../http.ts'
import type { RecoveryPath } from './paths.ts'
import { type Purchase, startPurchases } from './purchases.ts'

export interface DrillOptions {
  perSecond: number
  /** between the backup and the loss */
  secondsAfterBackup: number
  /** the longest that a change stays out of the archive, when there is one */
  archiveTimeoutS: number
  say: (line: string) => void
}

export interface DrillResult {
  purchases: Purchase[]
  lossAtMs: number
  /** from the loss to the first purchase that succeeds, in s */
  rtoS: number
  /** orders that were acknowledged and are gone */
  lostOrders: number
  acknowledgedOrders: number
  /** from the oldest of them to the loss, in s; 0 when none is gone */
  rpoS: number
}

const EVENT = 3
const AFTERWARDS_MS = 5000

/** Takes PostgreSQL away with its data while people buy, brings it back, and says what that has cost. */
export async function loseDatabase(path: RecoveryPath, options: DrillOptions): Promise<DrillResult> {
  const { say } = options
  const project = await createComposeProject(
    { WAL_ARCHIVE_TIMEOUT_S: String(options.archiveTimeoutS) },
    path.files,
  )
  try {
    say('starting')
    await project.compose(['build', '--quiet', 'backup'])
    await project.compose(['up', '--detach', '--wait', ...CORE_SERVICES])
    const gateway = `http://127.0.0.1:${project.port.gateway}`
    while ((await get(`${gateway}/health`).catch(() => undefined))?.status !== 200) await delay(100)
    await sql(project, `UPDATE events SET total_tickets = 100000 WHERE id = ${EVENT}`)

    const purchases = startPurchases(gateway, EVENT, options.perSecond)
    await purchases.nextSuccess()
    await path.prepare(project)
    say(`backup made, ${options.secondsAfterBackup} s until the loss`)
    await delay(options.secondsAfterBackup * 1000)

    const lossAtMs = performance.now()
    await docker(['rm', '--force', '--volumes', project.container('postgres')])
    await docker(['volume', 'rm', `${project.name}_postgres-data`])
    say('PostgreSQL is gone, and its data with it')
    const back = firstSuccessAfter(lossAtMs)
    await path.recover(project)
    const rtoS = ((await back).endedAtMs - lossAtMs) / 1000
    say(`selling again after ${rtoS.toFixed(1)} s`)
    await delay(AFTERWARDS_MS)
    await purchases.stop()
    return { purchases: purchases.all, lossAtMs, rtoS, ...(await loss(project, purchases.all, lossAtMs)) }

    /** One whose answer was on its way at the moment of the loss does not count. */
    async function firstSuccessAfter(lossMs: number): Promise<Purchase> {
      for (;;) {
        const purchase = await purchases.nextSuccess()
        const failedBetween = purchases.all.some(({ ok, endedAtMs }) => !ok && endedAtMs > lossMs)
        if (failedBetween) return purchase
      }
    }
  } finally {
    await project.down()
  }
}

async function loss(project: ComposeProject, purchases: Purchase[], lossAtMs: number) {
  const there = new Set((await sql(project, 'SELECT id FROM orders')).split('\n'))
  const acknowledged = purchases.filter(({ orderId }) => orderId !== undefined)
  const lost = acknowledged.filter(({ orderId }) => !there.has(orderId as string))
  const oldest = Math.min(...lost.map(({ endedAtMs }) => endedAtMs))
  return {
    acknowledgedOrders: acknowledged.length,
    lostOrders: lost.length,
    rpoS: lost.length === 0 ? 0 : (lossAtMs - oldest) / 1000,
  }
}

function sql({ compose }: ComposeProject, query: string): Promise<string> {
  return compose(['exec', '-T', 'postgres', 'psql', '-U', 'quickticket', '-d', 'quickticket', '-Atc', query])
}
