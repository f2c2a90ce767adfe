import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../src/docker.ts'
import { expectReadyForLabs, removeStack } from '../src/labs/engine.ts'
import { type Block, readBlocks } from '../src/labs/page.ts'
import { openShell, type Shell } from '../src/labs/shell.ts'
import { prometheusFlags } from '../src/prometheus-flags.ts'
import { surroundings } from '../src/surroundings.ts'

const DIRECTORY = join(ROOT, 'docs/runbooks')
const START = [
  'export COMPOSE_PROFILES=notifications',
  'docker compose -f docker-compose.yaml -f docker-compose.monitoring.yaml up --build -d gateway events payments notifications prometheus',
  'until curl -sf -o /dev/null http://localhost:3080/health && curl -sf -o /dev/null http://localhost:9090/-/ready; do sleep 1; done',
].join('\n')
/** What only looks; a fix is for the incident that it mends. */
const LOOKING = /^(How to look|Likely causes|How to verify)$/
/** What a shell, promtool, Compose, psql or npm says of a command that can not be right. */
const WRONG =
  /command not found|syntax error|parse error|unknown (?:command|flag|option)|no such service|does not exist|Missing script/i

let shell: Shell | undefined

beforeAll(async () => {
  await expectReadyForLabs()
  const environment = { ...surroundings(), COMPOSE_DISABLE_ENV_FILE: '1', ...(await prometheusFlags()) }
  shell = openShell(ROOT, environment)
  const { exitCode, stderr } = await shell.run(START, 900_000)
  if (exitCode !== 0) throw new Error(stderr)
}, 960_000)

afterAll(async () => {
  if (!shell) return
  shell.close()
  await removeStack()
})

const pages = readdirSync(DIRECTORY).filter((file) => file !== 'README.md')

describe.each(pages)('docs/runbooks/%s', (file) => {
  for (const { line, script } of looking(readFileSync(join(DIRECTORY, file), 'utf8'))) {
    test(`line ${line}: ${script.split('\n')[0]}`, async () => {
      const { exitCode, stdout, stderr } = await (shell as Shell).run(script, 60_000)
      // 1: grep found nothing, or the service that is asked is one that is not here
      expect(exitCode, stderr).toBeLessThanOrEqual(1)
      expect(`${stdout}\n${stderr}`).not.toMatch(WRONG)
    })
  }
})

/** The commands of the parts that change nothing. */
function looking(markdown: string): Block[] {
  const headings = [...markdown.matchAll(/^## (.+)$/gm)].map(({ 1: title = '', index }) => ({
    title,
    line: markdown.slice(0, index).split('\n').length,
  }))
  return readBlocks(markdown).filter(({ line }) =>
    LOOKING.test(headings.findLast((heading) => heading.line < line)?.title ?? ''),
  )
}
