import type { Client } from './client.ts'
import type { Random } from './random.ts'

export type Action = Exclude<keyof Client, 'close'>

/** How many of 100 buyers do what. */
export const SCENARIOS = {
  list: { list: 100 },
  reserve: { reserve: 100 },
  checkout: { checkout: 100 },
  mix: { list: 70, reserve: 20, checkout: 10 },
} as const satisfies Record<string, Partial<Record<Action, number>>>

export type Scenario = keyof typeof SCENARIOS

/** What the next buyer does. */
export function chooseAction(scenario: Scenario, random: Random): Action {
  const shares = Object.entries(SCENARIOS[scenario]) as [Action, number][]
  let left = random() * 100
  for (const [action, share] of shares) {
    if (left < share) return action
    left -= share
  }
  return shares[0]?.[0] ?? 'list'
}
