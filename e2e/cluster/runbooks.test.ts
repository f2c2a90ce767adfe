import { readdirSync } from 'node:fs'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterEnvironment } from '../src/cluster/environment.ts'
import { readPage, runBlock } from '../src/labs/lab.ts'
import { complaintAbout, lookingBlocks, RUNBOOKS } from '../src/labs/runbook.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'

let shell: Shell
beforeAll(() => {
  shell = openShell(REPOSITORY, clusterEnvironment())
})
afterAll(() => shell.close())

const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md')

describe('docs/runbooks/README.md', () => {
  for (const block of readPage('runbooks/README', 'on a cluster'))
    test(`line ${block.line}: ${block.script.split('\n')[0]}`, async () => {
      await runBlock(shell, block)
    })
})

describe.each(pages)('docs/runbooks/%s', (file) => {
  for (const { line, script } of lookingBlocks(file, 'on a cluster'))
    test(`line ${line}: ${script.split('\n')[0]}`, async () => {
      expect(complaintAbout(await shell.run(script, 60_000))).toBeUndefined()
    })
})

describe('docs/kubernetes.md', () => {
  // runbooks forward ports as long as their shell is open
  beforeAll(() => {
    shell.close()
    shell = openShell(REPOSITORY, clusterEnvironment())
  })

  for (const block of readPage('kubernetes', 'on a cluster'))
    test(`line ${block.line}: ${block.script.split('\n')[0]}`, async () => {
      await runBlock(shell, block)
    })
})
