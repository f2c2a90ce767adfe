import type { FaultKind } from '../effect.ts'
import { readByteRate } from '../units.ts'

const TICK_MS = 100
/** The most that one process loses, so that a forgotten rule does not exhaust the machine. */
const MEMORY_CAP_BYTES = 512 * 2 ** 20

/** The process grows at a rate; a share scales it. */
export const memory = {
  name: 'memory',
  example: 'memory=5MB/s',
  isForProcess: true,
  read(argument) {
    const bytesPerSecond = readByteRate(argument)
    const leak = createMemoryLeak()
    return { stage: 'process', begin: (share) => leak.begin(bytesPerSecond * share), end: leak.end }
  },
} as const satisfies FaultKind

/** Takes memory at a rate until the cap; its end frees all of it. */
export function createMemoryLeak(capBytes = MEMORY_CAP_BYTES) {
  const leaked: Buffer[] = []
  let leakedBytes = 0
  let timer: NodeJS.Timeout | undefined

  return {
    begin(bytesPerSecond: number): void {
      let grownAt = performance.now()
      timer = setInterval(() => {
        const now = performance.now()
        const due = Math.round((bytesPerSecond * (now - grownAt)) / 1000)
        grownAt = now
        const bytes = Math.min(due, capBytes - leakedBytes)
        if (bytes === 0) return
        // filled, because pages without writes take no memory
        leaked.push(Buffer.alloc(bytes, 1))
        leakedBytes += bytes
      }, TICK_MS).unref()
    },
    end(): void {
      clearInterval(timer)
      leaked.length = 0
      leakedBytes = 0
    },
    leakedBytes: () => leakedBytes,
  }
}
