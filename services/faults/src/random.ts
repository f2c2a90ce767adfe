import { createHash } from 'node:crypto'

/** Numbers in [0, 1). */
export type Random = () => number

/** The same numbers for the same seed and name; those of another name have nothing to do with them. */
export function namedRandom(seed: number, ...name: string[]): Random {
  const digest = createHash('sha256').update([seed, ...name].join('\n'))
  return createRandom(digest.digest().readUInt32LE())
}

/** Mulberry32: small, fast, and good enough to choose faults with. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
