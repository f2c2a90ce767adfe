export interface Rounds {
  /** Begins a round every `intervalMs`. */
  start(intervalMs: number): void
  /** Begins a round now, or another one right after the present one. */
  nudge(): void
  /** Waits for the round under way. */
  stop(): Promise<void>
}

/** Does the same work again and again, one round at a time. */
export function createRounds(work: () => Promise<void>): Rounds {
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined
  let again = false

  function nudge(): void {
    again = true
    round ??= run().finally(() => {
      round = undefined
    })
  }

  async function run(): Promise<void> {
    while (again) {
      again = false
      await work()
    }
  }

  return {
    start(intervalMs) {
      timer = setInterval(nudge, intervalMs)
    },
    nudge,
    async stop() {
      clearInterval(timer)
      again = false
      await round
    },
  }
}
