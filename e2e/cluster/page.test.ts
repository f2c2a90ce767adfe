import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterEnvironment } from '../src/cluster/environment.ts'
import { kubectl, tryKubectl } from '../src/cluster/kubectl.ts'
import { readPage, runBlock, type Step, saveTranscript } from '../src/labs/lab.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'

/** longer than any `--timeout` in a page */
const BLOCK_TIMEOUT_MS = 600_000
const page = process.env.QUICKTICKET_PAGE as string

describe(`docs/${page}.md`, () => {
  const steps: Step[] = []
  let shell: Shell
  /** what comes after a failed step would fail for no reason of its own */
  let failed = false

  beforeAll(() => {
    shell = openShell(REPOSITORY, clusterEnvironment())
  })
  afterAll(() => {
    shell.close()
    saveTranscript(`cluster-${page.replace('/', '-')}`, steps)
  })

  for (const block of readPage(page, 'on a cluster')) {
    test(`line ${block.line}: ${block.script.split('\n')[0]}`, async ({ skip }) => {
      skip(failed, 'an earlier block failed')
      failed = true
      steps.push(await runBlock(shell, block, BLOCK_TIMEOUT_MS))
      failed = false
    })
  }

  test('its overlay, applied once more, changes nothing', async ({ skip }) => {
    skip(failed, 'an earlier block failed')
    const overlay = `k8s/overlays/${page.replace('labs/', '')}`
    await kubectl(['apply', '-k', overlay])
    const { stdout, stderr } = await tryKubectl(['apply', '-k', overlay])
    expect(stderr).toBe('')
    // kubectl always sends the selector of a budget again; the server finds nothing to change in it
    const budgets = /^poddisruptionbudget\.policy\//
    const changed = stdout
      .split('\n')
      .filter((line) => line && !line.endsWith(' unchanged') && !budgets.test(line))
    expect(changed).toEqual([])
  })
})
