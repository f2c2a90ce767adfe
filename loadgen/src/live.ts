import { milliseconds } from './lines.ts'
import type { Slice } from './recorder.ts'

export interface Live {
  show(slice: Slice): void
  /** Makes room for a line that stays. */
  clear(): void
}

const CLEAR = '\r\u001b[K'

/** One line on a terminal that changes every second; nothing elsewhere. */
export function createLive(stream: NodeJS.WriteStream): Live {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined }
  return {
    show({ second, ok, conflicts, rejected, broken, p50Ms, p99Ms, buyers }) {
      const answered = ok + conflicts + rejected + broken
      const bad = `${broken + rejected} failed, ${conflicts} sold out`
      const times = `p50 ${milliseconds(p50Ms)} ms, p99 ${milliseconds(p99Ms)} ms`
      const line = `[${Math.round(second)}s] ${answered}/s, ${times}, ${bad}, ${buyers} waiting`
      stream.write(CLEAR + line.slice(0, (stream.columns || 80) - 1))
    },
    clear: () => void stream.write(CLEAR),
  }
}
