import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verb } from '../src/actions/verb.ts'
import { type Context, createContext } from '../src/context.ts'
import { createIncident } from '../src/incident/change.ts'
import { UsageError } from '../src/verb.ts'

const DAY = 24 * 3_600_000
let now: number
let directory: string
let context: Context

beforeEach(() => {
  now = Date.parse('2026-12-01T12:00:00Z')
  directory = mkdtempSync(join(tmpdir(), 'sre-actions-'))
  context = createContext({ SRE_DATA_DIR: directory }, { now: () => now })
  for (const title of ['first', 'second'])
    createIncident(context.store, { title, severity: 2, services: [] }, { author: 'ana', now })
})
afterEach(() => {
  context.close()
  rmSync(directory, { recursive: true, force: true })
})

const complete = { owner: 'checkout team', due: '2026-12-05', priority: 'P1' }

function run(positionals: string[], values: Record<string, string | boolean> = {}) {
  return verb.run(context, { positionals, values })
}

describe('an action item', () => {
  test.each([
    ['an owner', { ...complete, owner: '' }],
    ['an owner of more than blanks', { ...complete, owner: '  ' }],
    ['a due date', { owner: 'ana', priority: 'P1' }],
    ['a day that exists', { ...complete, due: '2026-02-30' }],
    ['a priority', { owner: 'ana', due: '2026-12-05' }],
    ['a known priority', { ...complete, priority: 'P4' }],
  ])('without %s is refused', async (_, values) => {
    await expect(run(['add', 'INC-0001', 'alert earlier'], values)).rejects.toThrow(UsageError)
    expect((await run([])).json).toEqual([])
  })

  test('without a text, or of an incident that does not exist, is refused', async () => {
    await expect(run(['add', 'INC-0001'], complete)).rejects.toThrow(UsageError)
    await expect(run(['add', 'INC-0003', 'alert earlier'], complete)).rejects.toThrow(UsageError)
  })

  test('is in time until its day ends in UTC, and overdue after it', async () => {
    await run(['add', 'INC-0001', 'alert', 'earlier'], complete)
    now = Date.parse('2026-12-05T23:59:59Z')
    expect(await run([])).toMatchObject({ ok: true, json: [{ text: 'alert earlier', overdue: false }] })
    now = Date.parse('2026-12-06T00:00:01Z')
    const late = await run([])
    expect(late).toMatchObject({ ok: false, json: [{ overdue: true }] })
    expect(late.text).toMatch(/^1 action item open, 1 overdue/)
  })

  test('that is done is listed only among all of them, and done at the first time', async () => {
    await run(['add', 'INC-0001', 'alert earlier'], complete)
    await run(['done', '1'])
    now += DAY
    await run(['done', '1'])
    expect((await run([])).json).toEqual([])
    expect((await run([], { all: true })).json).toMatchObject([{ doneAt: now - DAY }])
    await expect(run(['done', '2'])).rejects.toThrow(UsageError)
  })
})

describe('the list of action items', () => {
  test('has those of all incidents, overdue first, then by due date and priority', async () => {
    const add = (id: string, text: string, due: string, priority: string) =>
      run(['add', id, text], { owner: 'ana', due, priority })
    await add('1', 'later', '2026-12-20', 'P0')
    await add('2', 'overdue', '2026-11-30', 'P3')
    await add('1', 'soon, less urgent', '2026-12-10', 'P2')
    await add('2', 'soon', '2026-12-10', 'P1')
    const texts = ((await run([])).json as { text: string }[]).map(({ text }) => text)
    expect(texts).toEqual(['overdue', 'soon', 'soon, less urgent', 'later'])
    const ofFirst = ((await run(['INC-0001'])).json as { text: string }[]).map(({ text }) => text)
    expect(ofFirst).toEqual(['soon, less urgent', 'later'])
  })

  test('shows control characters as blanks', async () => {
    await run(['add', '1', 'clear \u001b[2J the screen'], complete)
    expect((await run([])).text).not.toContain('\u001b')
  })
})
