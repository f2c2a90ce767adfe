import type { Client } from './client.ts'

export type Action = Exclude<keyof Client, 'close'>

const SHARES: [Action, number][] = [
  ['list', 0.7],
  ['reserve', 0.2],
  ['purchase', 0.1],
]

/** What the next buyer does, for a random number in [0, 1). */
export function chooseAction(random: number): Action {
  let bound = 0
  for (const [action, share] of SHARES) {
    bound += share
    if (random < bound) return action
  }
  return 'purchase'
}
