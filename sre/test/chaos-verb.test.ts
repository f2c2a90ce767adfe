import { expect, test } from 'vitest'
import { runSchedule, type Schedule } from '../src/chaos/schedule.ts'
import { verb } from '../src/chaos/verb.ts'
import { type ChaosSystem, chargeExperiment, startChaosSystem } from './chaos-system.ts'

const allowed = async () => undefined

function run({ context }: ChaosSystem, ...positionals: string[]) {
  return verb.run(context, { values: {}, positionals })
}

function schedule(
  system: ChaosSystem,
  change: Partial<Schedule>,
  askGate = allowed as () => Promise<string | undefined>,
) {
  const given = { window: undefined, everyMs: 100, only: [], seed: '1', once: true, ...change }
  return runSchedule(system.context, given, { signal: new AbortController().signal, askGate })
}

test('chaos run answers yes when the hypothesis held, no when it is broken', async () => {
  const system = await startChaosSystem()
  const held = await run(system, 'run', system.write('held', chargeExperiment()))
  const broken = await run(system, 'run', system.write('broken', chargeExperiment({ during: 200 })))
  const last = await run(system, 'report', 'held')

  expect(held).toMatchObject({ ok: true, json: { id: 1, outcome: 'held' } })
  expect(broken).toMatchObject({ ok: false, json: { id: 2, outcome: 'broken' } })
  expect(last.text).toBe(held.text)
})

test('a run that has not taken place cannot be reported', async () => {
  const system = await startChaosSystem()
  await expect(run(system, 'report')).rejects.toThrow('no experiment has run yet')
  await expect(run(system, 'report', '7')).rejects.toThrow('no run "7" is known')
})

test('chaos list has every experiment of the catalogue', async () => {
  const system = await startChaosSystem()
  const { ok, text } = await run(system, 'list')
  expect(ok).toBe(true)
  expect(text).toMatch(/^0 of \d+ experiments held when they ran last on local/)
})

test('an experiment does not run on a system that it is not for', async () => {
  const system = await startChaosSystem()
  const file = system.write('far', chargeExperiment({ settings: { systems: ['cluster'] } }))
  await expect(run(system, 'run', file)).rejects.toThrow('far runs on cluster; SRE_SYSTEM is local')
  await expect(schedule(system, { only: [file] })).rejects.toThrow('no experiment to choose from')
})

test('the schedule runs an experiment of those that it may choose from', async () => {
  const system = await startChaosSystem()
  const answer = await schedule(system, { only: [system.write('held', chargeExperiment())] })
  expect(answer).toMatchObject({ ok: true, json: { runs: [{ name: 'held', outcome: 'held' }] } })
})

test('the same seed chooses the same experiments', async () => {
  const system = await startChaosSystem()
  await system.setFaults('POST /charge 100% status=500')
  const only = ['a', 'b', 'c', 'd', 'e'].map((name) => system.write(name, chargeExperiment()))
  const chosen = async (seed: string) => {
    const { json } = await schedule(system, { only, seed })
    return (json as { runs: { name: string }[] }).runs[0]?.name
  }
  const names = []
  for (const seed of ['1', '2', '3', '4', '5', '6']) names.push(await chosen(seed))

  expect(await chosen('3')).toBe(names[2])
  expect(new Set(names).size).toBeGreaterThan(1)
})

test('the schedule does nothing outside its window, and while the budget does not allow it', async () => {
  const system = await startChaosSystem()
  const only = [system.write('held', chargeExperiment())]
  const today = new Date(system.context.now()).getUTCDay()

  const closed = await schedule(system, {
    only,
    window: { days: [(today + 3) % 7], fromMinute: 0, toMinute: 60 },
  })
  const refused = await schedule(system, { only }, async () => 'budget checkout-availability: 93 % is spent')

  expect(closed).toMatchObject({
    ok: false,
    text: expect.stringContaining('outside the window, which opens at'),
  })
  expect(refused).toMatchObject({ ok: false, text: 'not now: budget checkout-availability: 93 % is spent' })
  expect(system.context.store.all('SELECT * FROM experiments')).toEqual([])
})

test('a broken hypothesis ends the schedule', async () => {
  const system = await startChaosSystem()
  const only = [system.write('broken', chargeExperiment({ during: 200 }))]
  expect(await schedule(system, { only, once: false })).toMatchObject({
    ok: false,
    json: { runs: [{ outcome: 'broken' }] },
  })
})
