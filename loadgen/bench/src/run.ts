import { type Case, databasesOf, selectCases } from './cases.ts'
import {
  type Extra,
  measureAddedLatency,
  measureIdleMemory,
  measureLoadedMemory,
  measureStartUp,
} from './extras.ts'
import { layGround } from './ground.ts'
import { startLoadProcess } from './load-process.ts'
import { type Bench, measure, type Sample } from './measure.ts'
import type { Options } from './options.ts'
import { Skipped } from './pgbench.ts'
import { describeMachine, type Results, summarize } from './results.ts'
import { createStands } from './stands.ts'

const FIRST_WARM_UP_S = 1.5
const WARM_UP_S = 0.5

export async function runBench(options: Options, signal: AbortSignal): Promise<Results> {
  const { only, rounds, seconds } = options
  const startedAt = new Date()
  const machine = describeMachine()
  const cases = selectCases(only)
  const wants = (extra: Extra) => only.includes(extra)
  const say = (text: string) =>
    console.log(`[${String(Math.round((Date.now() - startedAt.getTime()) / 1000)).padStart(3)}s] ${text}`)

  say(`PostgreSQL, Redis and ${databasesOf(cases).size} database(s)`)
  const ground = await layGround(databasesOf(cases), options.from)
  const load = startLoadProcess()
  const bench: Bench = { ground, stands: createStands(ground, options), load }
  try {
    const attempt = async <Result>(name: Extra, work: () => Promise<Result>): Promise<Result | undefined> => {
      if (!wants(name) || signal.aborted) return undefined
      say(name)
      return work().catch((error: unknown) => {
        failed[name] = firstLine(error)
        say(`${name}: FAILED: ${failed[name]}`)
        return undefined
      })
    }
    const failed: Record<string, string> = {}
    const startUp = await attempt('start-up', () => measureStartUp(bench, rounds))
    const idle = await attempt('memory', () => measureIdleMemory(bench))
    const { samples, skipped } = await runCases(bench, cases, { rounds, seconds, say, signal })
    const loaded = idle && (await measureLoadedMemory(bench, idle))
    const addedLatency = await attempt('added-latency', () => measureAddedLatency(bench, rounds))
    return {
      startedAt: startedAt.toISOString(),
      seconds,
      rounds,
      tookS: Math.round((Date.now() - startedAt.getTime()) / 1000),
      machine,
      cases: summarize(cases, samples),
      ...(startUp && { startUp }),
      ...(loaded && { memory: loaded }),
      ...(addedLatency && { addedLatency }),
      skipped: { ...failed, ...skipped },
    }
  } finally {
    load.close()
    await ground.close()
  }
}

interface Course {
  rounds: number
  seconds: number
  say(text: string): void
  signal: AbortSignal
}

/** All cases once, then all of them again: what slows the machine down for a while slows all of them. */
async function runCases(bench: Bench, cases: Case[], { rounds, seconds, say, signal }: Course) {
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]))
  const skipped: Record<string, string> = {}
  for (let round = 0; round < rounds; round += 1) {
    for (const each of cases) {
      const { name } = each
      if (signal.aborted) return { samples, skipped }
      if (skipped[name]) continue
      try {
        const sample = await measure(each, bench, {
          warmUpS: round === 0 ? FIRST_WARM_UP_S : WARM_UP_S,
          seconds,
        })
        samples.get(name)?.push(sample)
        const { perSecond, p99Ms } = sample
        say(
          `round ${round + 1}/${rounds} ${name}: ${perSecond.toFixed(perSecond < 100 ? 1 : 0)}/s${p99Ms === undefined ? '' : `, p99 ${p99Ms.toFixed(2)} ms`}`,
        )
      } catch (error) {
        skipped[name] = firstLine(error)
        say(
          `round ${round + 1}/${rounds} ${name}: ${error instanceof Skipped ? 'skipped' : 'FAILED'}: ${skipped[name]}`,
        )
      }
    }
  }
  return { samples, skipped }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
}
