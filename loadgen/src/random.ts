/** Numbers in [0, 1) that repeat exactly for the same seed. */
export type Random = () => number

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c. The image of the load generator holds no other workspace, so this is its own. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
