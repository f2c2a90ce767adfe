import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findExperiment } from '../src/chaos/catalogue.ts'
import { runExperiment } from '../src/chaos/runner.ts'
import { detectionMsOf } from '../src/chaos/verdict.ts'
import { createContext } from '../src/context.ts'
import { chargeExperiment, startChaosSystem } from './chaos-system.ts'

const RULES = `
groups:
  - name: chaos
    rules:
      - alert: FaultIsActive
        expr: payments_fault_active == 1
      - alert: AlwaysFires
        expr: vector(1)
`

describe.skipIf(!prometheusFrom)(
  'an experiment with an expected alert (needs Prometheus 3 or its image)',
  () => {
    test('measures how long it takes, is broken without it, and is refused when it fires before', async () => {
      const system = await startChaosSystem()
      const port = Number(new URL(system.payments.url).port)
      const server = await startPrometheus({
        scrape: { payments: port },
        rules: { 'chaos.rules.yml': RULES },
      })
      onTestFinished(server.close)
      const context = createContext(
        { ...system.env, PROMETHEUS_URL: server.url },
        { progress: () => undefined },
      )
      onTestFinished(() => context.close())
      await expect.poll(() => context.prometheus.value('ALERTS'), { timeout: 10_000 }).toBe(1)

      const run = (alert: string, { within = '20s', duration = '1s' }) => {
        const settings = { duration, detection: { alert, within } }
        const file = system.write('charges-fail', chargeExperiment({ settings }))
        const options = { signal: new AbortController().signal, askGate: async () => undefined }
        return runExperiment(context, findExperiment(file, system.env), options)
      }
      const detected = await run('FaultIsActive', { duration: '4s' })
      const missed = await run('NoSuchAlert', { within: '1s' })
      const before = await run('AlwaysFires', {})

      expect(detected).toMatchObject({ outcome: 'held', data: { reasons: [] } })
      expect(detectionMsOf(detected.data)).toBeGreaterThan(0)
      expect(missed.data.reasons).toEqual(['detection: the alert NoSuchAlert did not fire within 1 s'])
      expect(missed.outcome).toBe('broken')
      expect(before.outcome).toBe('refused')
      expect(before.data.reasons).toEqual(['not steady before: alert AlwaysFires is 1, allowed 0'])
    })
  },
)
