import { once } from 'node:events'
import { expect, test } from 'vitest'
import { findExperiment } from '../src/chaos/catalogue.ts'
import { readRuns, stampRun } from '../src/chaos/journal.ts'
import { writeInjection } from '../src/chaos/undo.ts'
import { verb } from '../src/chaos/verb.ts'
import { type ChaosSystem, chargeExperiment, startChaosSystem, startProgram } from './chaos-system.ts'

/** long enough for whatever the test does */
const LONG = chargeExperiment({ settings: { duration: '5m' } })

async function startLongRun(system: ChaosSystem, experiment = LONG) {
  const program = startProgram(['chaos', 'run', system.write('charges-fail', experiment)], system.env)
  await expect.poll(() => system.faults(), { timeout: 15_000 }).toContain('status=503')
  return program
}

test('after kill -9 of the runner the next command rolls back what it left', async () => {
  const system = await startChaosSystem()
  const runner = await startLongRun(system)
  runner.child.kill('SIGKILL')
  await runner.ended
  expect(await system.faults()).toContain('status=503')
  expect(system.context.store.get('SELECT rolled_back_at FROM injections')).toEqual({ rolled_back_at: null })

  const next = await startProgram(['chaos', 'list'], system.env).ended

  expect(next.stderr).toContain('run 1 was interrupted: its injection "faults" is rolled back')
  expect(await system.faults()).toBe('')
  expect(readRuns(system.context.store)).toMatchObject([{ id: 1, outcome: 'interrupted' }])
  expect(system.context.store.get('SELECT rolled_back_at FROM injections')).not.toEqual({
    rolled_back_at: null,
  })
})

test('after kill -9 of the runner the injection ends by itself, when nothing else is started', async () => {
  const system = await startChaosSystem()
  const runner = await startLongRun(system, chargeExperiment({ settings: { duration: '1s', grace: '1s' } }))
  runner.child.kill('SIGKILL')
  await runner.ended

  await expect.poll(() => system.faults(), { timeout: 20_000, interval: 200 }).toBe('')

  expect(system.context.store.get('SELECT rolled_back_at FROM injections')).toEqual({ rolled_back_at: null })
})

test('two at once: the second one is refused, and the first one is not disturbed', async () => {
  const system = await startChaosSystem()
  const first = await startLongRun(system)

  const second = await startProgram(['chaos', 'run', system.write('second', LONG)], system.env).ended
  const list = await startProgram(['chaos', 'list'], system.env).ended

  expect(second.code).toBe(2)
  expect(second.stderr).toContain(`chaos charges-fail is under way on local (pid ${first.child.pid})`)
  expect(list.stderr).toBe('')
  expect(await system.faults()).toContain('status=503')
  expect(readRuns(system.context.store)).toHaveLength(1)
})

test('Ctrl-C, which npm passes on once more, rolls back before the program ends, with exit code 1', async () => {
  const system = await startChaosSystem()
  const runner = await startLongRun(system)

  runner.child.kill('SIGINT')
  await expect.poll(() => runner.written.stderr).toContain('SIGINT: rolling back')
  runner.child.kill('SIGINT')
  const [code] = await once(runner.child, 'exit')

  expect(code).toBe(1)
  expect(await system.faults()).toBe('')
  expect(readRuns(system.context.store)).toMatchObject([
    { outcome: 'aborted', data: { reasons: ['stopped by SIGINT'] } },
  ])
})

test('what cannot be rolled back keeps other experiments away until its time is over', async () => {
  const system = await startChaosSystem()
  const { store } = system.context
  const file = system.write('charges-fail', chargeExperiment())
  const plan = findExperiment(file, system.env)
  const run = stampRun(store, plan, 'local', Date.now())
  const left = { experiment: run.id, kind: 'of another version', data: null, expiresAt: Date.now() + 60_000 }
  writeInjection(store, left, Date.now())
  const answer = () => verb.run(system.context, { values: {}, positionals: ['run', file] })

  await expect(answer()).rejects.toThrow(
    '"of another version" of run 1 could not be rolled back and ends by itself at',
  )
  store.run('UPDATE injections SET expires_at = ?', Date.now() - 1)

  expect(await answer()).toMatchObject({ ok: true })
})
