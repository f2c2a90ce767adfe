import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../docker.ts'
import { type Block, readBlocks } from './page.ts'
import { mismatch } from './pattern.ts'
import type { Shell } from './shell.ts'

/** A block that was run. */
export interface Step {
  block: Block
  stdout: string
}

const FIRST_BUILD_MS = 15 * 60_000

/** The command blocks of docs/labs/<name>.md. */
export function readLab(name: string): Block[] {
  return readBlocks(readFileSync(join(ROOT, 'docs/labs', `${name}.md`), 'utf8'))
}

/**
 * Runs a block and compares what it wrote to standard output with what the page shows.
 * @throws Error that shows script, difference and standard error
 */
export async function runBlock(shell: Shell, block: Block): Promise<Step> {
  const { exitCode, stdout, stderr } = await shell.run(block.script, FIRST_BUILD_MS)
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
  const directory = join(ROOT, 'e2e/results')
  const text = steps.map(({ block, stdout }) => `$ ${block.script.replaceAll('\n', '\n> ')}\n${stdout}`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${name}.txt`), text.join('\n'))
}
