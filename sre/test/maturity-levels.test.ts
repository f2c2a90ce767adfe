import { expect, test } from 'vitest'
import { createIncident, resolve } from '../src/incident/change.ts'
import { AREAS } from '../src/maturity/areas.ts'
import { assess, gradeMaturity } from '../src/maturity/maturity.ts'
import { incidentsFollowedUp } from '../src/maturity/practices/incidents-followed-up.ts'
import { incidentsRecorded } from '../src/maturity/practices/incidents-recorded.ts'
import { toilBelowHalf, toilEveryWeek, toilFalls, toilRecorded } from '../src/maturity/practices/toil.ts'
import { maturityText } from '../src/maturity/text.ts'
import type { Status } from '../src/ready/check.ts'
import { addToil } from '../src/toil/toil.ts'
import { ask, DAY_MS, ownContext } from './ready-kit.ts'

const now = Date.now()

/** What each check says; `pass` without a word. */
function graded(statuses: Record<string, Status>) {
  const checks = [...new Set(AREAS.flatMap(({ needs }) => needs.flat()))]
  const results = checks.map((check) => ({ check, status: statuses[check.id] ?? 'pass', evidence: 'seen' }))
  return gradeMaturity(results, now)
}

function levelOf(area: string, statuses: Record<string, Status>): number | undefined {
  return graded(statuses).areas.find(({ name }) => name === area)?.level
}

test('where everything passes, each area is on level 4 and needs nothing', () => {
  const { level, areas } = graded({})
  expect(level).toBe(4)
  expect(areas.map(({ level, missing }) => [level, missing.length])).toEqual(AREAS.map(() => [4, 0]))
})

test.each([
  ['restore-verified', 'chaos', 1],
  ['failure-rehearsed', 'chaos', 0],
  ['rehearsed-weekly', 'chaos', 3],
  ['objectives', 'monitoring', 2],
  ['runbooks', 'incident response', 1],
  ['rollback-tried', 'release', 1],
])('a failed %s holds %s on level %d', (id, area, level) => {
  expect(levelOf(area, { [id]: 'fail' })).toBe(level)
  expect(levelOf(area, { [id]: 'unknown' })).toBe(level)
  expect(levelOf(area, { [id]: 'not applicable' })).toBe(4)
})

test('a level above one that is missing does not count', () => {
  expect(levelOf('toil', { 'toil-recorded': 'fail', 'toil-below-half': 'pass' })).toBe(0)
})

test('the system is on the level of its least mature area', () => {
  const maturity = graded({ 'capacity-known': 'fail', 'restore-verified': 'fail', 'toil-falls': 'fail' })
  expect(maturity.level).toBe(1)
  const text = maturityText(maturity, false)
  expect(text).toMatch(/^Level 1 reactive, that of the least mature area/)
  expect(text).toMatch(/^capacity +1 reactive +capacity-known$/m)
  expect(text).toMatch(/^toil +3 managed +toil-falls$/m)
})

test('toil is recorded, then weekly, then less than half of the time, then less than before', async () => {
  const context = ownContext({}, { now: () => now })
  const add = (daysAgo: number, minutes: number) =>
    addToil(
      context.store,
      { task: 'refill', minutes, author: 'ada', automatable: true },
      now - daysAgo * DAY_MS,
    )
  const statuses = async () =>
    Promise.all(
      [toilRecorded, toilEveryWeek, toilBelowHalf, toilFalls].map(
        async (check) => (await ask(check, context)).status,
      ),
    )
  expect(await statuses()).toEqual(['fail', 'fail', 'fail', 'fail'])
  add(1, 30)
  expect(await statuses()).toEqual(['pass', 'fail', 'pass', 'fail'])
  add(8, 30)
  for (const daysAgo of [16, 23]) add(daysAgo, 60)
  expect(await statuses()).toEqual(['pass', 'pass', 'pass', 'pass'])
  // six whole days in the last half of the month, of 171 working hours in all
  for (const daysAgo of [2, 3, 4, 5, 6, 7]) add(daysAgo, 24 * 60)
  expect(await statuses()).toEqual(['pass', 'pass', 'fail', 'fail'])
})

test('incidents are recorded when a person has taken each over before its end', async () => {
  const context = ownContext()
  const open = (severity: 1 | 4) =>
    createIncident(context.store, { title: 'no sales', severity, services: [] }, { author: 'ada', now })
  expect(await ask(incidentsRecorded, context)).toMatchObject({ status: 'fail' })
  expect(await ask(incidentsFollowedUp, context)).toMatchObject({ status: 'not applicable' })
  resolve(context.store, open(4).number, { author: 'ada', now })
  expect(await ask(incidentsRecorded, context)).toMatchObject({ status: 'pass' })
  expect(await ask(incidentsFollowedUp, context)).toMatchObject({ status: 'not applicable' })
  resolve(context.store, open(1).number, { author: 'ada', now })
  expect(await ask(incidentsFollowedUp, context)).toMatchObject({
    status: 'fail',
    evidence: 'none for INC-0002',
  })
})

test('a system that cannot be seen is on level 0', async () => {
  const { maturity } = await assess(ownContext(), { maxAgeMs: 30 * DAY_MS })
  expect(maturity.level).toBe(0)
  expect(maturity.areas.find(({ name }) => name === 'monitoring')?.level).toBe(0)
})
