export interface PeriodicTask {
  /** Runs every `intervalMs`. */
  start(intervalMs: number): void
  /** Runs now, or once more right after the run in progress. */
  runNow(): void
  /** Waits for the run in progress. */
  stop(): Promise<void>
}

/** Repeats the same work, one run at a time. */
export function createPeriodicTask(work: () => Promise<void>): PeriodicTask {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let isDue = false

  function runNow(): void {
    isDue = true
    running ??= run().finally(() => {
      running = undefined
    })
  }

  async function run(): Promise<void> {
    while (isDue) {
      isDue = false
      await work()
    }
  }

  return {
    start(intervalMs) {
      timer = setInterval(runNow, intervalMs)
    },
    runNow,
    async stop() {
      clearInterval(timer)
      isDue = false
      await running
    },
  }
}
