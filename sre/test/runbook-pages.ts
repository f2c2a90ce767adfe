import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { onTestFinished } from 'vitest'
import { stepsFor } from '../src/runbook/choose.ts'
import type { Person } from '../src/runbook/person.ts'
import { findRun } from '../src/runbook/record.ts'
import { type RunResult, runRunbook } from '../src/runbook/run.ts'
import { readRunbook } from '../src/runbook/runbook.ts'
import { openStore, type Store } from '../src/store/store.ts'

export const FENCE = '```'

/** A fence of a page. @param info such as `sh manual` */
export function fence(info: string, script: string): string {
  return `${FENCE}${info}\n${script}\n${FENCE}\n`
}

export interface Parts {
  front?: string
  look?: string
  causes?: string
  fix?: string
  verify?: string
}

/** A runbook with all parts. */
export function page({
  front = 'alerts: [TargetDown]\nseverity: [critical, warning]\ntime_limit: 15m\nauto: true',
  look = fence('sh', 'echo looking'),
  causes = `### It was stopped\n\n${fence('sh', 'echo cause')}`,
  fix = 'Nothing.\n',
  verify = fence('sh', 'echo verified'),
}: Parts = {}): string {
  return [
    `---\n${front}\n---\n`,
    '# Target down\n',
    '## What it means\n\nA text.\n',
    `## How to look\n\n${look}`,
    `## Likely causes\n\n${causes}`,
    `## Fix\n\n${fix}`,
    `## How to verify\n\n${verify}`,
    '## Escalation\n\nA person.\n',
  ].join('\n')
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-runbook-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface Place {
  /** has the page `target-down` */
  runbooks: string
  store: Store
  /** of its runs, what was shown */
  shown: string[]
}

export function placeWith(parts: Parts): Place {
  const runbooks = temporaryDirectory()
  writeFileSync(join(runbooks, 'target-down.md'), page(parts))
  const store = openStore(join(temporaryDirectory(), 'sre.db'))
  onTestFinished(() => store.close())
  return { runbooks, store, shown: [] }
}

interface Options {
  yes?: boolean
  fix?: string
  incident?: number
  person?: Person
  signal?: AbortSignal
  env?: Record<string, string>
}

/** Runs its page on this machine. */
export async function run(place: Place, { yes = false, fix, incident, person, signal, env }: Options = {}) {
  const runbook = readRunbook('target-down', place.runbooks)
  const result: RunResult = await runRunbook(
    {
      runbook,
      steps: stepsFor(runbook, 'compose'),
      system: 'compose',
      mode: 'by hand',
      incident,
      author: 'Ada',
      yes,
      fix,
      person,
    },
    { ...worldOf(place), signal, ...(env && { env }) },
  )
  const steps = findRun(place.store, result.run)?.steps ?? []
  return { ...result, steps, outcomes: steps.map(({ outcome }) => outcome) }
}

export function worldOf({ store, shown, runbooks }: Place) {
  return {
    store,
    env: inheritedEnvironment(),
    now: Date.now,
    progress: (line: string) => shown.push(line),
    directory: runbooks,
  }
}

/** Answers each question with the next one of these. */
export function personWho(
  replies: ('yes' | 'skip' | 'stop')[],
  choice?: string,
): Person & { asked: string[] } {
  const asked: string[] = []
  const next = async (question: string) => {
    asked.push(question)
    return replies.shift() ?? 'stop'
  }
  return { asked, confirm: next, done: next, choose: async () => choice }
}
