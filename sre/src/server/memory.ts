import { CannotTell } from '../verb.ts'

/** What was read last, for the time while the database cannot be read. */
export interface Memory {
  /** @throws {CannotTell} when it cannot be read, and never was */
  read<T>(key: string, load: () => T): T
}

/** In characters: of one answer that is kept, and of all of them. */
const LONGEST = 200_000
const LONGEST_TOGETHER = 4_000_000

export function createMemory(): Memory {
  const kept = new Map<string, string>()
  let together = 0

  function keep(key: string, value: unknown): void {
    const text = JSON.stringify(value)
    remove(key)
    if (text.length > LONGEST) return
    kept.set(key, text)
    together += text.length
    for (const oldest of kept.keys()) {
      if (together <= LONGEST_TOGETHER) return
      remove(oldest)
    }
  }

  function remove(key: string): void {
    together -= kept.get(key)?.length ?? 0
    kept.delete(key)
  }

  return {
    read<T>(key: string, load: () => T): T {
      try {
        const value = load()
        keep(key, value)
        return value
      } catch (error) {
        const last = kept.get(key)
        if (!(error instanceof CannotTell) || last === undefined) throw error
        return JSON.parse(last) as T
      }
    },
  }
}
