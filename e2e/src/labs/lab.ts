import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, readBlocks } from '@quickticket/sre/runbook/blocks'
import { REPOSITORY } from '@quickticket/testing/repository'
import { mismatch } from './pattern.ts'
import type { Shell } from './shell.ts'

/** A block that was run. */
export interface Step {
  block: Block
  stdout: string
}

/** the first build of the images */
const TIMEOUT_MS = 15 * 60_000

/** The command blocks of a page that run in one place. @param page below docs/, as in `labs/lab01` */
export function readPage(page: string, runs: Block['runs']): Block[] {
  const blocks = readBlocks(readFileSync(join(REPOSITORY, 'docs', `${page}.md`), 'utf8'))
  return blocks.filter((block) => block.runs === runs)
}

/**
 * Runs a block and compares what it wrote to standard output with what the page shows.
 * @throws Error that shows script, difference and standard error
 */
export async function runBlock(shell: Shell, block: Block, timeoutMs = TIMEOUT_MS): Promise<Step> {
  const { exitCode, stdout, stderr } = await shell.run(block.script, timeoutMs)
  const different = block.expected === undefined ? undefined : mismatch(block.expected, stdout)
  if (exitCode === 0 && !different) return { block, stdout }
  throw new Error(
    [
      `line ${block.line} ended with ${exitCode}:\n${block.script}`,
      different?.diff ?? `it wrote:\n${stdout}`,
      `on standard error:\n${stderr}`,
    ].join('\n\n'),
  )
}

/** What was run and what it wrote, in e2e/results/<name>.txt. */
export function saveTranscript(name: string, steps: Step[]): void {
  const directory = join(REPOSITORY, 'e2e/results')
  const text = steps.map(({ block, stdout }) => `$ ${block.script.replaceAll('\n', '\n> ')}\n${stdout}`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${name}.txt`), text.join('\n'))
}
