import { describe, expect, test } from 'vitest'
import { BROKEN, describeBroken, readGolden, searchWithout } from '../src/model/golden.ts'
import { SAFEGUARDS, SCENARIOS, type Scenario } from '../src/model/model.ts'
import { requireSpin, search } from '../src/model/spin.ts'

describe('the protocol', () => {
  test.concurrent.each(Object.keys(SCENARIOS) as Scenario[])(
    'keeps all promises in every state of the scenario %s, and every run ends',
    async (scenario) => {
      const { broken, states, unreached } = await search({ scenario, look: 'all' })
      console.log(`${scenario}: ${states.toLocaleString('en')} states`)
      expect(broken).toBeUndefined()
      // its last statements are the promises about the end
      expect(unreached.filter((line) => line.startsWith('init:'))).toEqual([])
    },
  )
})

describe('each safeguard is needed', () => {
  test.concurrent.each(Object.entries(BROKEN))(
    '%s: the shortest trace is the known one',
    async (name, safeguard) => {
      expect(describeBroken(safeguard, await searchWithout(safeguard))).toBe(readGolden(name))
    },
  )

  const redundant = Object.entries(SAFEGUARDS).filter(([, { redundant }]) => redundant)
  test.concurrent.each(redundant)(
    'but for %s, which saves time only',
    async (_name, { scenario, defines }) => {
      expect((await search({ scenario, defines, look: 'all' })).broken).toBeUndefined()
    },
  )
})

test('without Spin, the packages to install are named', () => {
  expect(() => requireSpin('/nowhere')).toThrow('spin and gcc not found: apt-get install spin gcc libc6-dev')
})
