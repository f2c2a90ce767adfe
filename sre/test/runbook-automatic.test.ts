import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { System } from '../src/context.ts'
import { createIncident } from '../src/incident/change.ts'
import { timelineOf } from '../src/incident/updates.ts'
import { runAutomaticSteps } from '../src/runbook/automatic.ts'
import { beginRun, listRuns } from '../src/runbook/record.ts'
import { fence, type Parts, page, placeWith, worldOf } from './runbook-pages.ts'

const CHANGE = fence('sh', 'touch changed')

interface Fire {
  allowed?: string[]
  of?: number
  system?: System
  now?: () => number
  signal?: AbortSignal
  progress?: (line: string) => void
}

function happen(parts: Parts) {
  const place = placeWith(parts)
  const incident = newIncident()
  return {
    ...place,
    incident,
    newIncident,
    isChanged: () => existsSync(join(place.runbooks, 'changed')),
    fire: (alert: string, { allowed = [] as string[], of = incident, ...other }: Fire = {}) =>
      runAutomaticSteps(
        {
          system: other.system ?? 'compose',
          alert,
          incident: of,
          allowedAutomatic: allowed,
          runbooks: place.runbooks,
        },
        { ...worldOf(place), ...other },
      ),
    /** A run of an earlier process, which was killed in the middle of it. */
    killed(): void {
      const run = { name: 'target-down', incident, mode: 'automatic', system: 'compose', at: 1 } as const
      beginRun(place.store, run)
    },
    timeline: () => timelineOf(place.store, incident).filter(({ kind }) => kind === 'runbook'),
  }

  function newIncident(): number {
    const given = { title: 'payments is gone', severity: 1 as const, services: ['payments'] }
    return createIncident(place.store, given, { author: 'sre', now: 1 }).number
  }
}

test('the steps that look run at once, and the incident has what they wrote', async () => {
  const { fire, timeline, isChanged } = happen({ look: fence('sh', 'echo up=0; exit 1'), fix: CHANGE })
  expect((await fire('TargetDown'))?.outcome).toBe('completed')
  expect(timeline()).toMatchObject([
    {
      author: 'sre',
      text: 'runbook target-down, run 1: 2 steps, 1 failed; completed',
      data: {
        runbook: 'target-down',
        run: 1,
        steps: [
          { part: 'How to look', outcome: 'failed', output: 'up=0\n' },
          { part: 'Likely causes', about: 'It was stopped', outcome: 'passed', output: 'cause\n' },
        ],
      },
    },
  ])
  expect(isChanged()).toBe(false)
})

test('nothing runs for an alert that no page names, or whose page does not say auto', async () => {
  const other = happen({})
  expect(await other.fire('Other')).toBeUndefined()
  const front = 'alerts: [TargetDown]\nseverity: [critical]\ntime_limit: 15m\nauto: false'
  const byHand = happen({ front })
  expect(await byHand.fire('TargetDown')).toBeUndefined()
  expect([...listRuns(other.store), ...listRuns(byHand.store)]).toEqual([])
})

test('a page runs once for each incident, whatever the number of its alerts', async () => {
  const { fire, newIncident, store } = happen({})
  const second = newIncident()
  await Promise.all([fire('TargetDown'), fire('TargetDown'), fire('TargetDown', { of: second })])
  expect(listRuns(store).map(({ incident, mode }) => [incident, mode])).toEqual([
    [2, 'automatic'],
    [1, 'automatic'],
  ])
})

test('a step that changes something runs when configuration names its page, and is verified', async () => {
  const { fire, timeline, isChanged } = happen({ fix: CHANGE })
  await fire('TargetDown', { allowed: ['circuit-open', 'target-down'] })
  expect(isChanged()).toBe(true)
  expect(timeline()[0]?.text).toBe('runbook target-down, run 1: 4 steps; completed')
})

test.each([
  [['target-down'], false],
  [['target-down/it-hangs'], false],
  [['target-down/it-was-stopped'], true],
  [['circuit-open'], false],
  [[], false],
] as const)('of a page with several fixes none is taken by guess: %j', async (allowed, changed) => {
  const fix = `### It was stopped\n\n${CHANGE}\n### It hangs\n\n${fence('sh', 'echo another')}`
  const { fire, isChanged } = happen({ fix })
  await fire('TargetDown', { allowed: [...allowed] })
  expect(isChanged()).toBe(changed)
})

test('a run that was killed with its process is repeated, three times at most', async () => {
  const { fire, killed, timeline } = happen({})
  killed()
  killed()
  expect((await fire('TargetDown'))?.outcome).toBe('completed')
  expect(timeline()).toHaveLength(1)
  const often = happen({})
  for (let times = 0; times < 3; times += 1) often.killed()
  expect(await often.fire('TargetDown')).toBeUndefined()
})

test('a run that was stopped with its program is repeated', async () => {
  const { fire, store } = happen({ look: fence('sh', 'sleep 0') })
  const stopping = new AbortController()
  const stopped = fire('TargetDown', {
    signal: stopping.signal,
    // called when its first step begins
    progress: () => stopping.abort(),
  })
  expect((await stopped)?.outcome).toBe('stopped')
  expect((await fire('TargetDown'))?.outcome).toBe('completed')
  expect(listRuns(store)).toHaveLength(2)
})

test('a change is not repeated after a kill: it may be what killed the program', async () => {
  const { fire, killed, isChanged } = happen({ fix: CHANGE })
  killed()
  expect((await fire('TargetDown', { allowed: ['target-down'] }))?.outcome).toBe('completed')
  expect(isChanged()).toBe(false)
})

test('the steps that look end after two minutes, whatever the page allows', async () => {
  const { fire } = happen({ look: [1, 2, 3, 4].map((number) => fence('sh', `echo ${number}`)).join('\n') })
  let now = 0
  const slow = () => {
    now += 20_000
    return now
  }
  expect(await fire('TargetDown', { now: slow })).toMatchObject({
    outcome: 'stopped',
    reason: expect.stringContaining('its time limit of 2 min is over'),
  })
})

test('steps that look do not wait for a fix of another incident', async () => {
  const { fire, newIncident, runbooks, isChanged } = happen({
    fix: fence('sh', 'until test -e go; do sleep 0.05; done; touch changed'),
  })
  const front = 'alerts: [Other]\nseverity: [critical]\ntime_limit: 15m\nauto: true'
  writeFileSync(join(runbooks, 'other.md'), page({ front }))
  const fixing = fire('TargetDown', { allowed: ['target-down'] })
  expect((await fire('Other', { of: newIncident() }))?.outcome).toBe('completed')
  expect(isChanged()).toBe(false)
  writeFileSync(join(runbooks, 'go'), '')
  expect((await fixing)?.outcome).toBe('completed')
})

test('a run whose programs are all missing has failed, and says which', async () => {
  const { fire, timeline } = happen({
    look: fence('sh', 'no-such-docker ps') + fence('sh', 'no-such-curl x'),
    causes: 'Any.\n',
  })
  expect((await fire('TargetDown'))?.outcome).toBe('failed')
  expect(timeline()[0]?.text).toBe(
    'runbook target-down, run 1: 2 steps, 2 no program; failed: no step could run here: this machine has no no-such-docker, no-such-curl',
  )
})

test('for processes of npm start nothing runs: the pages have no commands for them', async () => {
  const { fire, store } = happen({})
  expect(await fire('TargetDown', { system: 'local' })).toBeUndefined()
  expect(listRuns(store)).toEqual([])
})

test('what is for a person is left out', async () => {
  const { fire, timeline } = happen({
    look: fence('sh manual', 'look at the dashboard') + fence('sh', 'true'),
  })
  await fire('TargetDown')
  expect(timeline()[0]?.text).toBe('runbook target-down, run 1: 2 steps; completed')
})

test.each([
  '$(touch changed)',
  '`touch changed`',
  '"; touch changed; "',
  "'; touch changed; '",
  '../../x',
  '\u0000',
])('an alert called %j runs nothing', async (name) => {
  const { fire, isChanged, store } = happen({ fix: CHANGE })
  expect(await fire(name, { allowed: [name] })).toBeUndefined()
  expect(isChanged()).toBe(false)
  expect(listRuns(store)).toEqual([])
})
