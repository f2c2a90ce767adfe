import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { expect, onTestFinished, test } from 'vitest'
import { createContext } from '../src/context.ts'
import { beginRun, listRuns } from '../src/runbook/record.ts'
import { runbookNames } from '../src/runbook/runbook.ts'
import { verb } from '../src/runbook/verb.ts'
import { CannotTell, UsageError } from '../src/verb.ts'
import { temporaryDirectory } from './runbook-pages.ts'

function contextOf() {
  const env = { ...inheritedEnvironment(), SRE_DATA_DIR: temporaryDirectory() }
  const context = createContext(env, { progress: () => undefined })
  onTestFinished(() => context.close())
  return context
}

test.each(runbookNames().flatMap((name) => [[name, 'compose'] as const, [name, 'cluster'] as const]))(
  'a dry run of %s on %s prints its steps, and runs none',
  async (name, system) => {
    const context = contextOf()
    const values = { 'dry-run': true, yes: true, system }
    const { ok, text, json } = await verb.run(context, { values, positionals: ['run', name] })
    expect(ok).toBe(true)
    expect((json as { steps: unknown[] }).steps.length).toBeGreaterThan(2)
    expect(text).toContain('How to look')
    if (system === 'cluster') expect(text).not.toMatch(/^ {2}\$ .*\bdocker\b/m)
    else expect(text).not.toMatch(/^ {2}\$ .*\bkubectl\b/m)
    expect(listRuns(context.store)).toEqual([])
  },
)

test('list names each page and each run with its state', async () => {
  const context = contextOf()
  beginRun(context.store, {
    name: 'target-down',
    incident: undefined,
    mode: 'automatic',
    system: 'compose',
    at: Date.now(),
  })
  const { text } = await verb.run(context, { values: {}, positionals: ['list'] })
  for (const name of runbookNames()) expect(text).toMatch(new RegExp(`^${name} `, 'm'))
  expect(text).toMatch(/^1 {4}target-down .* runs {3}automatic {2}-$/m)
})

test.each([
  [['other'], '"other" is none of list, show, run, lint'],
  [['run'], 'run needs the name of a runbook'],
  [['run', 'nope'], '"nope" is no runbook: backup-not-verified'],
  [['run', '../README'], '"../README" is no runbook'],
  [['run', 'target-down', 'x'], '"x" is one argument too many'],
])('%j is refused: %s', async (positionals, message) => {
  const refused = await verb.run(contextOf(), { values: {}, positionals }).catch((error) => error)
  expect(refused).toBeInstanceOf(UsageError)
  expect(refused.message).toContain(message)
})

test('a run that does not exist cannot be shown', async () => {
  const shown = verb.run(contextOf(), { values: {}, positionals: ['show', '7'] })
  await expect(shown).rejects.toThrow(CannotTell)
})
