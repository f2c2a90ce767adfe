import { readFileSync } from 'node:fs'
import { startService } from '@quickticket/testing/service-process'
import { expect, test } from 'vitest'
import { findExperiment } from '../src/chaos/catalogue.ts'
import type { Run } from '../src/chaos/journal.ts'
import { buildReport } from '../src/chaos/report.ts'
import { writeReport } from '../src/chaos/report-files.ts'
import { runText } from '../src/chaos/run-text.ts'
import { runExperiment } from '../src/chaos/runner.ts'
import { type ChaosSystem, chargeExperiment, chargeProbe, startChaosSystem } from './chaos-system.ts'

const failNotifications = {
  type: 'action',
  name: 'fail notifications',
  provider: { type: 'faults', service: 'notifications', rules: 'POST /notify 100% status=500' },
}

interface Given {
  experiment?: object
  signal?: AbortSignal
  askGate?: () => Promise<string | undefined>
}

function run(system: ChaosSystem, { experiment = chargeExperiment(), signal, askGate }: Given): Promise<Run> {
  const file = system.write('charges-fail', experiment)
  return runExperiment(system.context, findExperiment(file, system.env), {
    signal: signal ?? new AbortController().signal,
    askGate: askGate ?? (async () => undefined),
  })
}

test('a hypothesis that holds: written down before the injection, steady before and after, measured during it', async () => {
  const system = await startChaosSystem()

  const done = await run(system, {})

  expect(done.data.reasons).toEqual([])
  expect(done.outcome).toBe('held')
  expect(done.score).toBeGreaterThan(95)
  expect(done.stampedAt).toBeLessThanOrEqual(done.data.injectedAt ?? 0)
  const valuesOf = (phase: string) => [
    ...new Set(
      done.data.measured
        .filter((each) => each.phase === phase)
        .map(({ probe, value }) => `${probe} ${value}`),
    ),
  ]
  expect(valuesOf('before')).toEqual(['charge 200'])
  expect(valuesOf('during').sort()).toEqual(['charge 503', 'charge during the fault 503'])
  expect(valuesOf('after')).toEqual(['charge 200'])
  expect(await system.faults()).toBe('')
  expect(system.context.store.get('SELECT outcome, score FROM experiments')).toMatchObject({
    outcome: 'held',
  })
})

test('a hypothesis that does not hold is broken, scores less, and says what was found', async () => {
  const system = await startChaosSystem()

  const done = await run(system, { experiment: chargeExperiment({ during: 200 }) })

  expect(done.outcome).toBe('broken')
  expect(done.score).toBeLessThan(50)
  expect(done.data.reasons.join()).toMatch(/charge during the fault out of tolerance .*: 503, allowed 200/)
  expect(await system.faults()).toBe('')
})

test('with the strategy "continuously" the hypothesis must hold during the injection, too', async () => {
  const system = await startChaosSystem()

  const done = await run(system, { experiment: chargeExperiment({ settings: { strategy: 'continuously' } }) })

  expect(done.outcome).toBe('broken')
  expect(done.data.reasons.join()).toMatch(/during: charge out of tolerance/)
})

test('an unsteady start is refused, and nothing is injected', async () => {
  const system = await startChaosSystem()
  await system.setFaults('POST /charge 100% status=500')

  const done = await run(system, {})

  expect(done.outcome).toBe('refused')
  expect(done.data.reasons).toEqual(['not steady before: charge is 500, allowed 200'])
  expect(system.context.store.all('SELECT * FROM injections')).toEqual([])
  expect(await system.faults()).toBe('POST /charge 100% status=500')
})

test('a no of the error budget refuses it', async () => {
  const system = await startChaosSystem()

  const done = await run(system, {
    experiment: chargeExperiment({ settings: { gate: ['payments'] } }),
    askGate: async () => '98 % is spent',
  })

  expect(done.outcome).toBe('refused')
  expect(done.data.reasons.join()).toContain('98 % is spent')
  expect(system.context.store.all('SELECT * FROM injections')).toEqual([])
})

test('an abort limit rolls back at once', async () => {
  const system = await startChaosSystem()
  const settings = {
    duration: '5m',
    abort: [chargeProbe('charges are not lost', { type: 'below', value: 500 })],
  }

  const done = await run(system, { experiment: chargeExperiment({ settings }) })

  expect(done.outcome).toBe('aborted')
  expect(done.data.reasons.join()).toContain('the abort limit "charges are not lost" is passed: 503')
  expect(await system.faults()).toBe('')
  expect(done.data.steadyAt).toBeDefined()
})

test('a signal rolls back at once', async () => {
  const system = await startChaosSystem()
  const controller = new AbortController()
  const running = run(system, {
    experiment: chargeExperiment({ settings: { duration: '5m' } }),
    signal: controller.signal,
  })
  await expect.poll(() => system.faults(), { timeout: 10_000 }).toContain('status=503')

  controller.abort('stopped by SIGINT')

  const done = await running
  expect(done).toMatchObject({ outcome: 'aborted', data: { reasons: ['stopped by SIGINT'] } })
  expect(await system.faults()).toBe('')
})

test('without the target of one injection none is made', async () => {
  const system = await startChaosSystem({ NOTIFICATIONS_URL: 'http://127.0.0.1:9' })
  const experiment = chargeExperiment({ method: [failNotifications] })

  await expect(run(system, { experiment })).rejects.toThrow('does not answer')

  expect(system.context.store.all('SELECT * FROM injections')).toEqual([])
  expect(system.context.store.get('SELECT outcome FROM experiments')).toEqual({ outcome: 'refused' })
})

test('an injection that fails rolls back the one before it', async () => {
  const notifications = await startService('notifications', {
    FAULT_ADMIN_TOKEN: 'chaos-test',
    LOG_LEVEL: 'error',
  })
  const system = await startChaosSystem({ NOTIFICATIONS_URL: notifications.url })
  const experiment = chargeExperiment({ method: [{ ...failNotifications, pauses: { before: '1s' } }] })
  const running = run(system, { experiment })
  await expect.poll(() => system.faults(), { timeout: 10_000 }).toContain('status=503')

  // within the pause: a service that ends in order takes longer
  notifications.kill('SIGKILL')
  await notifications.exited

  const done = await running
  expect(done.outcome).toBe('aborted')
  expect(done.data.reasons.join()).toMatch(/"fail notifications" could not be injected: .* does not answer/)
  expect(await system.faults()).toBe('')
})

test('a system that stays broken after the rollback has not recovered', async () => {
  const system = await startChaosSystem()
  const running = run(system, { experiment: chargeExperiment({ settings: { recovery: '300ms' } }) })
  await expect.poll(() => system.said.join('\n'), { timeout: 10_000 }).toContain('rolled back')
  await system.setFaults('POST /charge 100% status=500')

  const done = await running

  expect(done.outcome).toBe('broken')
  expect(done.data.reasons.join()).toContain('not steady within 0.3 s of the rollback: charge 500')
})

test('the report has the hypothesis with its stamp, the values of each phase, the score and the plots', async () => {
  const system = await startChaosSystem()
  const done = await run(system, {
    experiment: { ...chargeExperiment(), title: '<script>alert(1)</script> | `x`' },
  })
  const html = system.write('unused', {}).replace('unused.yaml', 'report.html')
  const markdown = html.replace('.html', '.md')

  writeReport(buildReport(done), html)
  const files = writeReport(buildReport(done), markdown)

  const page = readFileSync(html, 'utf8')
  expect(page).toContain(new Date(done.stampedAt).toISOString().slice(11, 19))
  expect(page).toContain(`score ${done.score} of 100`)
  // both probes measure the same
  expect(page.match(/<svg /g)).toHaveLength(1)
  expect(page).toContain('steady again')
  expect(page).not.toContain('<script>')
  const document = readFileSync(markdown, 'utf8')
  expect(document).toContain('| charge | status of POST payments /charge | 200 | 200 |')
  expect(document).toContain('\\<script\\>')
  expect(files).toHaveLength(2)
  expect(readFileSync(files[1] ?? '', 'utf8')).toMatch(/^<svg /)
  expect(runText(done, false)).toMatch(/charge +200 +200 +503 +200/)
})
