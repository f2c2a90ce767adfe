import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoopResult } from './closed-loop.ts'
import type { Plan } from './plans.ts'
import type { Transaction } from './transactions.ts'

interface Times {
  warmUpS: number
  seconds: number
}

export interface LoadJob extends Times {
  what: 'http'
  url: string
  plan: Plan
  connections: number
}

export interface SqlJob extends Times {
  what: 'sql'
  connectionString: string
  transaction: Transaction
  connections: number
}

export interface LatencyJob {
  what: 'turns'
  urls: string[]
  path: string
  perSecond: number
  seconds: number
}

/** The process that makes all load of a bench. */
export interface LoadProcess {
  run(job: LoadJob | SqlJob): Promise<LoopResult>
  /** medians in milliseconds, one for each address */
  takeTurns(job: LatencyJob): Promise<number[]>
  close(): void
}

/** What is slower than this over what was asked for hangs. */
const PATIENCE_MS = 60_000

export function startLoadProcess(): LoadProcess {
  const start = () => fork(fileURLToPath(new URL('load-worker.ts', import.meta.url)), { execArgv: [] })
  let worker = start()

  async function ask<Result>(job: LoadJob | SqlJob | LatencyJob): Promise<Result> {
    const timesS = job.seconds + ('warmUpS' in job ? job.warmUpS : 0)
    const signal = AbortSignal.timeout(timesS * 1000 + PATIENCE_MS)
    const answered = once(worker, 'message', { signal })
    worker.send(job)
    try {
      const [answer] = (await answered) as [{ result?: Result; error?: string }]
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.result as Result
    } catch (error) {
      if (!signal.aborted) throw error
      worker.kill('SIGKILL')
      worker = start()
      throw new Error('no end within a minute after the time was over')
    }
  }

  return { run: ask, takeTurns: ask, close: () => worker.kill() }
}
