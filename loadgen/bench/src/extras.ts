import { setTimeout as delay } from 'node:timers/promises'
import { SERVICES } from '@quickticket/contract/services'
import type { Child } from './child.ts'
import type { Bench } from './measure.ts'
import { median } from './median.ts'
import { hasProc, memoryMib } from './proc.ts'

/** What is measured once for each service, besides the cases. */
export const EXTRAS = ['start-up', 'memory', 'added-latency'] as const
export type Extra = (typeof EXTRAS)[number]

const SETTLE_MS = 3000

export interface StartUp {
  service: string
  /** with the cache of compiled code that `npm start` gives them */
  cachedMs: number
  cachedCpuMs: number
  /** without it */
  coldMs: number
}

/** From spawn to the first 200 of /livez, each service alone. */
export async function measureStartUp({ stands, ground }: Bench, rounds: number): Promise<StartUp[]> {
  const needed: Record<string, Record<string, string>> = {
    events: {
      DB_HOST: '127.0.0.1',
      DB_PORT: String(ground.postgresPort),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(ground.redis.port),
    },
  }
  const measured: StartUp[] = []
  for (const service of SERVICES) {
    const start = async (more: Record<string, string> = {}) => {
      const child = await stands.service(service, { ...needed[service], ...more })
      await child.stop()
      return child
    }
    // an empty variable: no cache
    const cold = [await start({ NODE_COMPILE_CACHE: '' }), await start({ NODE_COMPILE_CACHE: '' })]
    await start()
    const cached: Child[] = []
    for (let round = 0; round < Math.max(rounds, 3) + 2; round += 1) cached.push(await start())
    measured.push({
      service,
      cachedMs: median(cached.map(({ startMs }) => startMs)),
      cachedCpuMs: median(cached.map(({ startCpuMs }) => startCpuMs)),
      coldMs: median(cold.map(({ startMs }) => startMs)),
    })
  }
  return measured
}

export interface Memory {
  service: string
  idleMib: number
  idleOwnMib: number
  /** after all cases, and the most there ever was */
  loadedMib?: number
  loadedOwnMib?: number
  peakMib?: number
}

/** Some seconds after the start, asked once for its health only. */
export async function measureIdleMemory({ stands }: Bench): Promise<Memory[]> {
  if (!hasProc) return []
  const { url, children } = await stands.stand('main')
  await fetch(`${url}/health`)
  await delay(SETTLE_MS)
  return children.map(({ name, pid }) => {
    const { now, own } = memoryMib(pid)
    return { service: name, idleMib: now, idleOwnMib: own }
  })
}

export async function measureLoadedMemory({ stands }: Bench, idle: Memory[]): Promise<Memory[]> {
  if (!hasProc) return []
  const { children } = await stands.stand('main')
  return idle.map((memory) => {
    const child = children.find(({ name }) => name === memory.service)
    if (!child) return memory
    const { now, own, peak } = memoryMib(child.pid)
    return { ...memory, loadedMib: now, loadedOwnMib: own, peakMib: peak }
  })
}

export interface AddedLatency {
  path: string
  /** medians in milliseconds, asked alternately */
  directMs: number
  throughMs: number
  addedMs: number
  /** the same for the hand-written pair */
  handWrittenAddedMs: number
}

const TURNS_PER_S = 200
const PATHS = ['/events', '/events/1']

/** What the gateway adds to the median when there are no other requests. */
export async function measureAddedLatency({ stands, load }: Bench, rounds: number): Promise<AddedLatency[]> {
  const main = await stands.stand('main')
  const hand = await stands.stand('hand-written quickticket')
  const [gateway, events] = main.children
  const [front, behind] = hand.children
  const urls = [gateway, events, front, behind].map((child) => child?.url as string)
  const measured: AddedLatency[] = []
  for (const path of PATHS) {
    const medians: number[][] = []
    for (let round = 0; round < rounds; round += 1)
      medians.push(await load.takeTurns({ what: 'turns', urls, path, perSecond: TURNS_PER_S, seconds: 5 }))
    const [through = 0, direct = 0, handThrough = 0, handDirect = 0] = [0, 1, 2, 3].map((index) =>
      median(medians.map((round) => round[index] as number)),
    )
    measured.push({
      path,
      directMs: direct,
      throughMs: through,
      addedMs: through - direct,
      handWrittenAddedMs: handThrough - handDirect,
    })
  }
  return measured
}
