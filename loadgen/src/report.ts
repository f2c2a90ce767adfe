import type { Profile } from './profile.ts'
import type { Scenario } from './scenario.ts'
import type { Verdict } from './slo.ts'
import type { Summary } from './summary.ts'
import type { Search } from './until-breaks.ts'

/** All that a run is told in a file. With a search, the summary is that of its knee, and the slices are those of all steps. */
export interface Report {
  startedAt: string
  described: string
  scenario: Scenario
  seed: number
  summary: Summary
  verdicts: Verdict[]
  search: Search | undefined
  /** the rate that was asked for, where there was one */
  profile: Profile | undefined
}
