import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectReadyForLabs, removeStack } from '../src/labs/engine.ts'
import { failureTable, markdownTable } from '../src/labs/failure-table.ts'
import { readPage, runBlock, type Step, saveTranscript } from '../src/labs/lab.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'
import { prometheusFlags } from '../src/prometheus-flags.ts'

const PAGES = [...['lab01', 'lab02', 'lab03', 'lab06', 'lab09'].map((lab) => `labs/${lab}`), 'sre']

describe.each(PAGES)('docs/%s.md', (page) => {
  const name = page.replace('labs/', '')
  const steps: Step[] = []
  let shell: Shell | undefined
  /** what comes after a failed step would fail for no reason of its own */
  let failed = false

  beforeAll(async () => {
    await expectReadyForLabs()
    // a .env of the developer must not change the pages either
    const environment = {
      ...inheritedEnvironment(),
      COMPOSE_DISABLE_ENV_FILE: '1',
      ...(await prometheusFlags()),
    }
    shell = openShell(REPOSITORY, environment)
  })
  afterAll(async () => {
    if (!shell) return
    shell.close()
    saveTranscript(name, steps)
    await removeStack()
  })

  for (const block of readPage(page, 'on Compose')) {
    test(`line ${block.line}: ${block.script.split('\n')[0]}`, async ({ skip }) => {
      skip(failed, 'an earlier block failed')
      failed = true
      steps.push(await runBlock(shell as Shell, block))
      failed = false
    })
  }

  test.runIf(name === 'lab01')('what broke is what the contract promises', ({ skip }) => {
    skip(failed, 'an earlier block failed')
    const observed = failureTable(steps)
    console.log(markdownTable(observed))
    const eitherWay = expect.toBeOneOf([502, 503])
    expect(observed).toEqual({
      payments: { list: 200, reserve: 200, pay: 503, health: 503 },
      events: { list: 502, reserve: 502, pay: 502, health: 503 },
      redis: { list: 200, reserve: 503, pay: 503, health: 503 },
      postgres: { list: 502, reserve: eitherWay, pay: eitherWay, health: 503 },
    })
  })
})
