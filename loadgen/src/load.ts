import { createClient } from './client.ts'
import type { Exchange, Outcome } from './outcome.ts'
import type { Profile } from './profile.ts'
import { secondsOf } from './profile.ts'
import { createRandom } from './random.ts'
import { createRecorder, type Recorder, type Slice } from './recorder.ts'
import { chooseAction, type Scenario } from './scenario.ts'
import { arrivals, elapsed } from './schedule.ts'
import { type Summary, summarize } from './summary.ts'
import { letUsersIn, type Users } from './users.ts'

/** Buyers who come by a profile whatever becomes of others, or users who wait for their answers. */
export type Shape = { profile: Profile } | { users: Users; seconds: number }

export interface LoadOptions {
  gatewayUrl: string
  shape: Shape
  scenario: Scenario
  eventIds: number[]
  seed: number
  /** buyers who only reserve give their seats back */
  release: boolean
  signal: AbortSignal
  /** every request, as soon as it is over */
  observe?: (exchange: Exchange, buyers: number) => void
  /** every second */
  onSlice?: (slice: Slice, recorder: Recorder) => void
  /** every 10 s */
  onProgress?: (seconds: number, recorder: Recorder) => void
}

const PROGRESS_EVERY_S = 10

/** Sends the load and waits for the last answer; the signal ends it early, and answers that are still missing do not count. */
export async function sendLoad(options: LoadOptions): Promise<Summary> {
  const { gatewayUrl, shape, scenario, eventIds, seed, release, signal, observe, onSlice, onProgress } =
    options
  const random = createRandom(seed)
  const recorder = createRecorder(observe && ((exchange) => observe(exchange, recorder.buyers)))
  const client = createClient({ gatewayUrl, eventIds, random, release, record: recorder.exchange })
  const leave = () => void client.close()
  signal.addEventListener('abort', leave, { once: true })

  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  const passedS = () => (performance.now() - startedAt) / 1000
  const ticking = setInterval(() => {
    const slice = recorder.slice(passedS())
    onSlice?.(slice, recorder)
  }, 1000)
  const progress = (async () => {
    for await (const second of elapsed(PROGRESS_EVERY_S, seconds(shape), signal))
      onProgress?.(second, recorder)
  })()

  const visit = async (dueMs: number): Promise<void> => {
    recorder.buyerCame()
    const outcome: Outcome | undefined = await client[chooseAction(scenario, random)](dueMs)
    recorder.buyerLeft(outcome)
  }
  if ('users' in shape) await letUsersIn(shape.users, { seconds: shape.seconds, random, signal }, visit)
  else await sendBuyers(shape.profile, signal, recorder, visit)
  await progress

  clearInterval(ticking)
  const tookS = passedS()
  recorder.slice(tookS)
  const { user, system } = process.cpuUsage(cpuBefore)
  signal.removeEventListener('abort', leave)
  await client.close()
  return summarize(recorder, tookS, (user + system) / 1e6)
}

function seconds(shape: Shape): number {
  return 'users' in shape ? shape.seconds : secondsOf(shape.profile)
}

/** Resolves when the last of them has an answer. */
async function sendBuyers(
  profile: Profile,
  signal: AbortSignal,
  recorder: Recorder,
  visit: (dueMs: number) => Promise<void>,
): Promise<void> {
  const waiting = new Set<Promise<void>>()
  for await (const dueMs of arrivals(profile, signal)) {
    recorder.sentLate(performance.now() - dueMs)
    const left = visit(dueMs).finally(() => waiting.delete(left))
    waiting.add(left)
  }
  await Promise.all(waiting)
}
