const TICK_MS = 100
/** What one process loses at most, so that a forgotten rule does not take the machine along. */
export const MEMORY_CAP_BYTES = 512 * 2 ** 20

/** Takes memory at a rate until the cap; ending it gives all back. */
export function createMemoryLeak(bytesPerSecond: number, capBytes = MEMORY_CAP_BYTES) {
  const leaked: Buffer[] = []
  let leakedBytes = 0
  let timer: NodeJS.Timeout | undefined
  let grownAt = 0

  function grow(): void {
    const now = performance.now()
    const due = Math.round((bytesPerSecond * (now - grownAt)) / 1000)
    grownAt = now
    const bytes = Math.min(due, capBytes - leakedBytes)
    if (bytes === 0) return
    // filled, because pages that nobody has written to take no memory
    leaked.push(Buffer.alloc(bytes, 1))
    leakedBytes += bytes
  }

  return {
    begin(): void {
      grownAt = performance.now()
      timer = setInterval(grow, TICK_MS).unref()
    },
    end(): void {
      clearInterval(timer)
      leaked.length = 0
      leakedBytes = 0
    },
    leakedBytes: () => leakedBytes,
  }
}
