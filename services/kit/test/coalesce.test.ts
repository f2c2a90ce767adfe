import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coalesce } from '../src/coalesce.ts'

const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const) }),
  fc.record({ kind: fc.constant('ask' as const), times: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('end' as const), fails: fc.boolean() }),
  fc.record({ kind: fc.constant('breathe' as const) }),
)

const breathe = () => new Promise(setImmediate)

test('no caller gets a result that was read before its call, and one load at a time is under way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let version = 0
      let underWay = 0
      let mostUnderWay = 0
      let stale = 0
      const ends: ((fails: boolean) => void)[] = []
      const read = coalesce(async () => {
        underWay++
        mostUnderWay = Math.max(mostUnderWay, underWay)
        const seen = version
        const failed = await new Promise((resolve) => ends.push(resolve))
        underWay--
        if (failed) throw new Error('failed')
        return seen
      })
      async function ask(times: number): Promise<void> {
        for (let i = 0; i < times; i++) {
          const since = version
          const seen = await read('key').catch(() => since)
          if (seen < since) stale++
        }
      }

      const callers: Promise<void>[] = []
      for (const now of steps) {
        if (now.kind === 'write') version++
        if (now.kind === 'ask') callers.push(ask(now.times))
        if (now.kind === 'end') ends.shift()?.(now.fails)
        if (now.kind === 'breathe') await breathe()
      }
      const done = Promise.all(callers).then(() => true)
      while (!(await Promise.race([done, breathe().then(() => false)]))) ends.shift()?.(false)
      expect({ stale, mostUnderWay }).toEqual({ stale: 0, mostUnderWay: callers.length > 0 ? 1 : 0 })
    }),
    { numRuns: 300 },
  )
})

test('all callers during a load share one more load', async () => {
  const loads: PromiseWithResolvers<number>[] = []
  const read = coalesce(() => {
    const load = Promise.withResolvers<number>()
    loads.push(load)
    return load.promise
  })
  const first = read('key')
  const others = Array.from({ length: 100 }, () => read('key'))
  loads[0]?.resolve(1)
  expect(await first).toBe(1)
  await breathe()
  expect(loads).toHaveLength(2)
  loads[1]?.resolve(2)
  expect(new Set(await Promise.all(others))).toEqual(new Set([2]))
})

test('different keys do not wait for each other', async () => {
  const gate = Promise.withResolvers<void>()
  const read = coalesce(async (key: number) => {
    if (key === 1) await gate.promise
    return key
  })
  const slow = read(1)
  expect(await read(2)).toBe(2)
  gate.resolve()
  expect(await slow).toBe(1)
})

test('a failure reaches the callers that shared it, and no later ones', async () => {
  let fails = true
  const read = coalesce(async () => {
    if (fails) throw new Error('failed')
    return 'well'
  })
  await expect(read('key')).rejects.toThrow('failed')
  fails = false
  expect(await read('key')).toBe('well')
})

test('with a shortest time between two loads, callers in between share the next one, and none gets an old result', async () => {
  const begun: number[] = []
  const read = coalesce(
    async () => {
      begun.push(performance.now())
      return begun.length
    },
    { everyMs: 50 },
  )
  expect(await read('key')).toBe(1)
  const asked = performance.now()
  expect(await Promise.all(Array.from({ length: 100 }, () => read('key')))).toEqual(Array(100).fill(2))
  expect(begun[1]).toBeGreaterThanOrEqual(asked)
  // timers may be a millisecond early
  expect((begun[1] ?? 0) - (begun[0] ?? 0)).toBeGreaterThanOrEqual(48)
})
