import { readdirSync } from 'node:fs'
import { inheritedEnvironment } from '@quickticket/testing/inherited-environment'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectReadyForLabs, removeStack } from '../src/labs/engine.ts'
import { complaintAbout, lookingBlocks, RUNBOOKS } from '../src/labs/runbook.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'
import { prometheusFlags } from '../src/prometheus-flags.ts'

const START = [
  'export COMPOSE_PROFILES=notifications',
  'docker compose -f docker-compose.yaml -f docker-compose.monitoring.yaml up --build -d gateway events payments notifications prometheus',
  'until curl -sf -o /dev/null http://localhost:3080/health && curl -sf -o /dev/null http://localhost:9090/-/ready; do sleep 1; done',
].join('\n')

let shell: Shell | undefined

beforeAll(async () => {
  await expectReadyForLabs()
  const environment = {
    ...inheritedEnvironment(),
    COMPOSE_DISABLE_ENV_FILE: '1',
    ...(await prometheusFlags()),
  }
  shell = openShell(REPOSITORY, environment)
  const { exitCode, stderr } = await shell.run(START, 900_000)
  if (exitCode !== 0) throw new Error(stderr)
}, 960_000)

afterAll(async () => {
  if (!shell) return
  shell.close()
  await removeStack()
})

const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md')

describe.each(pages)('docs/runbooks/%s', (file) => {
  for (const { line, script } of lookingBlocks(file, 'on Compose')) {
    test(`line ${line}: ${script.split('\n')[0]}`, async () => {
      expect(complaintAbout(await (shell as Shell).run(script, 60_000))).toBeUndefined()
    })
  }
})
