import { describe, expect, test } from 'vitest'
import { checksOf } from '../lab11/exercise.ts'
import type { ExerciseName } from '../lab11/shapes.ts'
import { type Check, openRequirements } from '../src/check.ts'

/** A solution of its own beside the gateway's, which can be made with one typical mistake. */
interface Plain {
  solve(mistake?: string): unknown
  /** what each of them fails at */
  mistakes: Record<string, string>
}

const names = Object.keys(checksOf) as ExerciseName[]

describe.each(names)('%s', async (name) => {
  const checks = checksOf[name] as Check<unknown>[]
  const { solve, mistakes } = (await import(`./plain/${name}.ts`)) as Plain

  let start: Promise<string[]> | undefined
  const openAtStart = async () => {
    start ??= openRequirements(checks, await import(`../lab11/start/${name}.ts`))
    return start
  }

  test('the code of the services meets every requirement', async () => {
    expect(await openRequirements(checks, await import(`../lab11/solution/${name}.ts`))).toEqual([])
  })

  test('another solution does as well', async () => {
    expect(await openRequirements(checks, solve())).toEqual([])
  })

  test('the starting point does not', async () => {
    expect(await openAtStart()).not.toEqual([])
  })

  test.each(Object.entries(mistakes))(
    'a solution with the mistake %j is found: %s',
    async (mistake, found) => {
      expect(await openRequirements(checks, solve(mistake))).toContain(found)
    },
  )

  test('every requirement finds a mistake or the starting point', async () => {
    const found = new Set([...Object.values(mistakes), ...(await openAtStart())])
    expect(checks.map(({ requires }) => requires).filter((requires) => !found.has(requires))).toEqual([])
  })
})
