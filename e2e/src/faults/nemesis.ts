import { setTimeout as delay } from 'node:timers/promises'
import { createRandom, type Random } from '@quickticket/loadgen/random'
import { waitUntil } from '@quickticket/local/wait'
import type { Replica } from '@quickticket/testing/replica'
import { redisCommand } from '../stores.ts'
import type { Arrow } from './arrow.ts'
import type { Cluster } from './cluster.ts'
import type { Strike } from './history.ts'
import { between, pick } from './random.ts'
import { GATEWAY_TIMEOUT_MS, NEW_EVENT_EVERY_MS } from './timing.ts'

/** A disturbance: `strike` breaks something, and what it returns repairs it. */
type Fault = (cluster: Cluster, random: Random) => { target: string; strike(): Promise<() => Promise<void>> }

const replicas = (cluster: Cluster) => [cluster.gateway, ...cluster.events, ...cluster.payments]

const kill: Fault = (cluster, random) => {
  const victim = pick(random, replicas(cluster))
  return {
    target: victim.name,
    async strike() {
      await victim.kill()
      return () => victim.start()
    },
  }
}

const pause: Fault = (cluster, random) => {
  const victim = pick(random, replicas(cluster))
  return {
    target: victim.name,
    async strike() {
      victim.pause()
      return async () => victim.resume()
    },
  }
}

const killPostgres: Fault = (cluster) => ({
  target: 'postgres',
  async strike() {
    await cluster.killPostgres()
    return () => cluster.startPostgres()
  },
})

const killRedis: Fault = (cluster, random) => {
  const empty = random() < 0.5
  return {
    target: empty ? 'redis, restarted empty' : 'redis, restarted with its last snapshot',
    async strike() {
      await cluster.killRedis()
      return () => cluster.startRedis({ empty })
    },
  }
}

/** While payments take their time, so that there are seats under payment to be forgotten. */
const flush: Fault = (cluster) => {
  const flushAll = () => redisCommand({ redis: { host: '127.0.0.1', port: cluster.ports.redis } }, 'FLUSHDB')
  return {
    target: 'redis',
    async strike() {
      cluster.arrows.payments.delayMs = 1000
      await delay(700)
      await flushAll()
      return async () => {
        cluster.arrows.payments.delayMs = 0
      }
    },
  }
}

function slow(arrow: keyof Cluster['arrows']): Fault {
  return (cluster, random) => ({
    target: arrow,
    async strike() {
      cluster.arrows[arrow].delayMs = between(random, 100, 1200)
      return async () => {
        cluster.arrows[arrow].delayMs = 0
      }
    },
  })
}

/** Loses the answers to a kind of request: the request took effect, and no client learns of it. */
function losing(arrow: keyof Cluster['arrows'], asked: string): Fault {
  return (cluster, random) => {
    const share = 0.3 + random() * 0.7
    const proxy: Arrow = cluster.arrows[arrow]
    return {
      target: `${arrow} ${asked}`,
      async strike() {
        proxy.onAnswer = (_answer, question) => !question.includes(asked) || random() > share
        return async () => {
          proxy.onAnswer = undefined
        }
      },
    }
  }
}

const cut: Fault = (cluster, random) => {
  const arrow = pick(random, Object.keys(cluster.arrows) as (keyof Cluster['arrows'])[])
  return {
    target: arrow,
    async strike() {
      cluster.arrows[arrow].cut()
      return async () => undefined
    },
  }
}

const failingPayments: Fault = (cluster) =>
  restarted(cluster.payments, 'payments', {
    PAYMENT_FAILURE_RATE: '0.3',
    PAYMENT_LOST_ANSWER_RATE: '0.3',
  })

/** Date.now() of one service is off: less than the two seconds that are tolerated between machines. */
const skew: Fault = (cluster, random) => {
  const skewMs = pick(random, [-1500, 1500])
  const victims = random() < 0.5 ? cluster.payments : [cluster.gateway]
  const shifted = `const now = Date.now; Date.now = () => now() + (${skewMs})`
  const name = `${victims[0]?.name} by ${skewMs} ms`
  return restarted(victims, name, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shifted)}`,
  })
}

function restarted(victims: Replica[], target: string, environment: Record<string, string>) {
  const restart = (extra: Record<string, string>) =>
    Promise.all(
      victims.map(async (victim) => {
        await victim.kill()
        await victim.start(extra)
      }),
    )
  return {
    target,
    async strike() {
      await restart(environment)
      return async () => void (await restart({}))
    },
  }
}

/**
 * One replica of events is frozen when a payment has begun, while payments take their time, and wakes up when the checkout
 * and the hold are about to be over: what it was told meanwhile comes then.
 */
const freezePastCheckout: Fault = (cluster, random) => {
  const victim = pick(random, cluster.events)
  return {
    target: victim.name,
    async strike() {
      cluster.arrows.payments.delayMs = 1000
      await waitUntil(() => isPaying(cluster), NEW_EVENT_EVERY_MS.freeze * 2, 50)
      victim.pause()
      await delay(GATEWAY_TIMEOUT_MS + SETTLE_MS + OUTLIVE_MS + between(random, -1000, 3000))
      return async () => {
        cluster.arrows.payments.delayMs = 0
        victim.resume()
      }
    },
  }
}
async function isPaying({ postgres }: Cluster): Promise<boolean> {
  const { rows } = await postgres.query<{ open: boolean }>(
    `SELECT count(*) > 2 AS open FROM checkouts WHERE state = 'open' AND opened_at > now() - interval '1 second'`,
  )
  return rows[0]?.open === true
}

/** In events: from the end of a charge to that of its checkout, and from there to that of its hold. */
const SETTLE_MS = 10_000
const OUTLIVE_MS = 10_000

/** Each group has a lane of its own, so that one thing of each may be broken at a time. */
const LANES: Record<string, Fault>[] = [
  { kill, pause, 'failing payments': failingPayments, 'slow payments': slow('payments'), skew },
  {
    'kill postgres': killPostgres,
    'kill redis': killRedis,
    flush,
    'slow redis': slow('redis'),
    'lose charge': losing('payments', '/charge'),
    'lose void': losing('payments', '/void'),
    'lose checkout': losing('events', '/checkout'),
    'lose confirm': losing('events', '/confirm'),
    'lose intent': losing('postgres', 'checkout-open'),
    'lose commit': losing('postgres', 'checkout-confirm'),
    cut,
  },
]
/**
 * What goes wrong in a trial: everything, one thing after the other; or replicas of events that sleep through the end of a
 * checkout. That takes longer than all else, and no loss of Redis may excuse what comes of it.
 */
export const PLANS: Record<'all' | 'freeze', Record<string, Fault>[]> = {
  all: LANES,
  freeze: [{ 'freeze past a checkout': freezePastCheckout }],
}

export type Plan = keyof typeof PLANS

export interface Nemesis {
  strikes: Strike[]
  /** Repairs what is broken. */
  stop(): Promise<void>
}

/** Breaks one thing after the other; the seed decides what, in which order and for how long. */
export function startNemesis(
  cluster: Cluster,
  { seed, plan }: { seed: number; plan: Plan },
  clock: () => number,
): Nemesis {
  const strikes: Strike[] = []
  const stopped = new AbortController()
  const pausing = (ms: number) => delay(ms, undefined, { signal: stopped.signal }).catch(() => undefined)

  async function run(faults: Record<string, Fault>, random: Random): Promise<void> {
    let left: string[] = []
    await pausing(between(random, 300, 800))
    while (!stopped.signal.aborted) {
      // every kind comes once before any comes again
      if (left.length === 0) left = Object.keys(faults)
      const kind = left.splice(Math.floor(random() * left.length), 1)[0] as string
      const lastsMs = between(random, 100, 2500)
      const calmMs = between(random, 100, 1000)
      const { target, strike } = (faults[kind] as Fault)(cluster, random)
      const entry: Strike = { kind, target, start: clock(), end: Number.POSITIVE_INFINITY }
      strikes.push(entry)
      const repair = await strike()
      await pausing(lastsMs)
      await repair()
      entry.end = clock()
      await pausing(calmMs)
    }
  }

  const lanes = Promise.all(PLANS[plan].map((faults, lane) => run(faults, createRandom(seed + lane))))
  return {
    strikes,
    async stop() {
      stopped.abort()
      await lanes
    },
  }
}
