import { type PrometheusServer, prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readObjectives } from '../src/objectives.ts'
import { alertmanager } from '../src/ready/checks/alertmanager.ts'
import { dashboards } from '../src/ready/checks/dashboards.ts'
import { faultsOff } from '../src/ready/checks/faults-off.ts'
import { objectives } from '../src/ready/checks/objectives.ts'
import { restoreVerified } from '../src/ready/checks/restore-verified.ts'
import { rollbackTried } from '../src/ready/checks/rollback-tried.ts'
import { rulesLoaded } from '../src/ready/checks/rules-loaded.ts'
import { runbooks } from '../src/ready/checks/runbooks.ts'
import { servicesAlerted } from '../src/ready/checks/services-alerted.ts'
import { servicesScraped } from '../src/ready/checks/services-scraped.ts'
import { ask, MINUTE_MS, ownContext, planted, repositoryRules } from './ready-kit.ts'

const VERIFIED = 'quickticket_backup_last_verified_timestamp_seconds'
const secondsAgo = (minutes: number) => Date.now() / 1000 - minutes * 60

describe.skipIf(!prometheusFrom)('with Prometheus (skipped without Prometheus 3 or its image)', () => {
  let good: PrometheusServer
  let bad: PrometheusServer
  /** without rules, which would record what is planted as well */
  let bare: PrometheusServer

  beforeAll(async () => {
    const rules = repositoryRules()
    const changed = {
      ...rules,
      'system.rules.yml': (rules['system.rules.yml'] ?? '')
        .replace('alert: CircuitOpen', 'alert: CircuitAjar')
        .replaceAll('docs/runbooks/clock-difference.md', 'docs/runbooks/no-such-page.md'),
    }
    ;[good, bad, bare] = await Promise.all([
      startPrometheus({ history: goodHistory(), rules }),
      startPrometheus({ history: badHistory(), rules: changed }),
      startPrometheus({ history: bareHistory() }),
    ])
  })
  afterAll(() => Promise.all([good?.close(), bad?.close(), bare?.close()]))

  const atGood = () => ownContext({ PROMETHEUS_URL: good.url })
  const atBad = () => ownContext({ PROMETHEUS_URL: bad.url })

  test('services are scraped when up is 1 for each', async () => {
    expect(await ask(servicesScraped, atGood())).toMatchObject({ status: 'pass' })
    expect(await ask(servicesScraped, atBad())).toMatchObject({
      status: 'fail',
      evidence: 'payments is no target, events is down',
    })
  })

  test('the review of one service does not look at the others', async () => {
    expect(await ask(servicesScraped, atBad(), { service: 'gateway' })).toMatchObject({ status: 'pass' })
    expect(await ask(servicesScraped, atBad(), { service: 'events' })).toMatchObject({ status: 'fail' })
  })

  test('notifications is a service where Prometheus has seen it', async () => {
    expect((await ask(servicesScraped, atGood())).evidence).toContain('notifications')
    expect((await ask(servicesScraped, atBad())).evidence).not.toContain('notifications')
  })

  test('the rules are loaded when they are those of the repository', async () => {
    const { status, evidence } = await ask(rulesLoaded, atGood())
    expect({ status, evidence }).toEqual({
      status: 'pass',
      evidence: expect.stringMatching(/^\d+ rules are loaded as declared$/),
    })
  })

  test('a rule that is loaded otherwise than it is declared is named', async () => {
    const { status, evidence } = await ask(rulesLoaded, atBad())
    expect(status).toBe('fail')
    expect(evidence).toContain('2 not loaded as declared: system/CircuitOpen, system/ClockDifference')
    expect(evidence).toContain('2 loaded and not declared: system/CircuitAjar, system/ClockDifference')
  })

  test('an alert whose runbook is not there is named', async () => {
    expect(await ask(runbooks, atBad())).toMatchObject({
      status: 'fail',
      evidence: 'ClockDifference has none',
    })
  })

  test('every alert of the repository has a runbook without a fault', async () => {
    expect(await ask(runbooks, atGood())).toMatchObject({
      status: 'pass',
      evidence: expect.stringMatching(/^\d+ alerts lead to \d+ pages without a fault$/),
    })
  })

  test('every service has an alert in the rules of the repository', async () => {
    expect(await ask(servicesAlerted, atGood())).toMatchObject({ status: 'pass' })
  })

  test('objectives have to be recorded with their target, and to have data', async () => {
    expect(await ask(objectives, atGood())).toMatchObject({ status: 'pass' })
    const { status, evidence } = await ask(objectives, ownContext({ PROMETHEUS_URL: bare.url }))
    expect(status).toBe('fail')
    expect(evidence).toContain('checkout-availability is recorded with another target')
    expect(evidence).toContain('gateway-availability has had no requests for 5 minutes')
    expect(evidence).toContain('gateway-latency is not recorded')
  })

  test('a restore is verified when it is younger than a day', async () => {
    const { status, at } = await ask(restoreVerified, atGood())
    expect(status).toBe('pass')
    expect(Math.abs((at ?? 0) - (Date.now() - 120 * MINUTE_MS))).toBeLessThan(MINUTE_MS)
    expect(await ask(restoreVerified, atBad())).toMatchObject({
      status: 'fail',
      evidence: expect.stringMatching(/^verified 2 d ago/),
    })
  })

  test('a rollback was tried when an earlier version came back', async () => {
    const { status, evidence } = await ask(rollbackTried, atGood())
    expect(status).toBe('pass')
    expect(evidence).toContain('gateway went back to 1.0.0')
  })

  test('a new version alone is no rollback', async () => {
    const { status, evidence } = await ask(rollbackTried, atBad())
    expect(status).toBe('fail')
    expect(evidence).toMatch(/^none of 1 deploys was one; Prometheus knows the last 1 h/)
  })

  test('a Prometheus that sends its alerts nowhere is not enough', async () => {
    expect(await ask(alertmanager, atGood())).toMatchObject({
      status: 'fail',
      evidence: 'Prometheus knows no Alertmanager',
    })
  })

  test('a dashboard without data is counted', async () => {
    const { status, evidence } = await ask(dashboards, ownContext({ PROMETHEUS_URL: bare.url }))
    expect(status).toBe('fail')
    // only the queries that put a zero where nothing is
    expect(evidence).toMatch(/services \d of \d\d/)
  })

  test('a fault that is injected now is named', async () => {
    expect(await ask(faultsOff, atGood())).toMatchObject({ status: 'pass' })
    expect(await ask(faultsOff, atBad())).toMatchObject({ status: 'fail', evidence: 'payments: latency' })
  })
})

test('without Prometheus a check is unknown, and says where it looked', async () => {
  const { status, evidence, at } = await ask(servicesScraped, ownContext())
  expect({ status, at }).toEqual({ status: 'unknown', at: undefined })
  expect(evidence).toContain('Prometheus does not answer: ')
  expect(evidence).toContain('looked at http://127.0.0.1:9')
})

function goodHistory(): string {
  return [
    ...['gateway', 'events', 'payments', 'notifications'].map((job) =>
      planted(`up{job="${job}"}`, 1, { from: 60 }),
    ),
    planted('gateway_build_info{job="gateway",version="1.0.0"}', 1, { from: 60, to: 41 }),
    planted('gateway_build_info{job="gateway",version="2.0.0"}', 1, { from: 40, to: 21 }),
    planted('gateway_build_info{job="gateway",version="1.0.0"}', 1, { from: 20 }),
    // pushed once, as the backup does
    planted(VERIFIED, secondsAgo(120), { from: 119, to: 119 }),
    ...readObjectives().flatMap(({ name, objective }) => [
      planted(`slo:objective:ratio{slo="${name}"}`, objective, { from: 10 }),
      planted(`slo:sli_error:ratio_rate5m{slo="${name}"}`, 0, { from: 10 }),
    ]),
  ].join('\n')
}

function badHistory(): string {
  return [
    planted('up{job="gateway"}', 1, { from: 60 }),
    planted('up{job="events"}', 0, { from: 60 }),
    planted('gateway_build_info{job="gateway",version="1.0.0"}', 1, { from: 60, to: 41 }),
    planted('gateway_build_info{job="gateway",version="2.0.0"}', 1, { from: 40 }),
    planted('payments_fault_active{job="payments",fault="latency"}', 1, { from: 5 }),
    planted('payments_fault_active{job="payments",fault="error"}', 0, { from: 5 }),
    planted(VERIFIED, secondsAgo(2 * 24 * 60), { from: 119, to: 119 }),
  ].join('\n')
}

function bareHistory(): string {
  return [
    planted('slo:objective:ratio{slo="checkout-availability"}', 0.9, { from: 10 }),
    planted('slo:objective:ratio{slo="gateway-availability"}', 0.995, { from: 10 }),
  ].join('\n')
}
