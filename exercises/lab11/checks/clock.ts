import { vi } from 'vitest'

export interface Clock {
  /** Lets time pass, and everything happen that is due. */
  pass(ms: number): Promise<void>
  /** how many timers are still waiting */
  timers(): number
}

/** Time that stands still unless a check moves it. */
export async function withClock(run: (clock: Clock) => Promise<void>): Promise<void> {
  vi.useFakeTimers({
    fakeNodeBuiltins: true,
    toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  })
  try {
    await run({ pass, timers: () => vi.getTimerCount() })
  } finally {
    vi.useRealTimers()
  }
}

async function pass(ms: number): Promise<void> {
  await turn()
  await vi.advanceTimersByTimeAsync(ms)
  await turn()
}

/** Lets everything happen that waits for no time: a request that is injected takes some turns of the event loop. */
export async function turn(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate)
}
