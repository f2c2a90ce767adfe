import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Context, createContext } from '../src/context.ts'
import { beginRun, endRun } from '../src/runbook/record.ts'
import type { ToilReport } from '../src/toil/toil.ts'
import { verb } from '../src/toil/verb.ts'
import { UsageError } from '../src/verb.ts'

const DAY = 24 * 3_600_000
let now: number
let directory: string
let context: Context

beforeEach(() => {
  now = Date.parse('2026-12-01T12:00:00Z')
  directory = mkdtempSync(join(tmpdir(), 'sre-toil-'))
  context = createContext({ SRE_DATA_DIR: directory }, { now: () => now })
})
afterEach(() => {
  context.close()
  rmSync(directory, { recursive: true, force: true })
})

function add(task: string, minutes: number, by: string, automatable = false) {
  return verb.run(context, {
    positionals: ['add', task],
    values: { minutes: String(minutes), by, automatable },
  })
}

async function report(values: Record<string, string> = {}) {
  const { ok, json, text } = await verb.run(context, { positionals: ['report'], values })
  return { ok, text, report: json as ToilReport }
}

describe('the report of toil', () => {
  test('adds up each task, and its share of the working time of those who wrote it down', async () => {
    await add('restart payments', 200, 'ana', true)
    await add('Restart payments', 100, 'bo', true)
    await add('answer the auditors', 180, 'bo')
    const { ok, report: found } = await report({ window: '7d' })
    expect(found.tasks).toMatchObject([
      { task: 'restart payments', count: 2, minutes: 300, share: 300 / 480 },
      { task: 'answer the auditors', count: 1, minutes: 180, share: 180 / 480 },
    ])
    // 8 h of twice 40 h
    expect(found.share).toBeCloseTo(0.1, 9)
    expect(ok).toBe(true)
  })

  test('says no above half of the working time', async () => {
    await add('restart payments', 1201, 'ana')
    const { ok, text } = await report({ window: '7d' })
    expect(ok).toBe(false)
    expect(text).toContain('above the limit of 50 %')
    expect((await report({ window: '7d', people: '2' })).ok).toBe(true)
  })

  test('names what to automate first by what it saves in a month', async () => {
    await add('rotate keys', 30, 'ana', true)
    await add('clean up logs', 70, 'ana', true)
    await add('talk to the vendor', 300, 'ana')
    const { report: found, text } = await report({ window: '7d' })
    expect(found.automateFirst.map(({ task }) => task)).toEqual(['clean up logs', 'rotate keys'])
    expect(found.automateFirst[0]?.minutesPerMonth).toBeCloseTo(300, 9)
    expect(text).toContain('1. clean up logs: saves 5 h a month')
  })

  test('counts runbooks that were run by hand by themselves, and not those that ran automatically', async () => {
    for (const mode of ['by hand', 'automatic'] as const) {
      const run = beginRun(context.store, {
        name: 'target-down',
        incident: undefined,
        mode,
        system: 'compose',
        at: now - 600_000,
      })
      endRun(context.store, run, { outcome: 'completed', reason: undefined, at: now - 300_000 })
    }
    const { report: found } = await report()
    expect(found.tasks).toMatchObject([
      { task: 'runbook target-down', count: 1, minutes: 5, source: 'measured' },
    ])
  })

  test('has only what is within the window, and says so when that is nothing', async () => {
    await add('restart payments', 10, 'ana')
    now += 8 * DAY
    const { ok, text } = await report({ window: '7d' })
    expect(ok).toBe(true)
    expect(text).toMatch(/^No toil is written down from 2026-12-02/)
    expect((await report({ window: '30d' })).report.minutes).toBe(10)
  })
})

test.each([0, -5, Number.NaN, 1441])('toil of %d minutes is refused', async (minutes) => {
  await expect(add('restart payments', minutes, 'ana')).rejects.toThrow(UsageError)
})
