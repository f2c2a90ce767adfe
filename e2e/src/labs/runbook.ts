import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { type Block, readBlocks } from './page.ts'
import type { Ran } from './shell.ts'

export const RUNBOOKS = join(REPOSITORY, 'docs/runbooks')

/** Parts of a runbook that only look; a fix is for the incident that it ends. */
const LOOKING = /^(How to look|Likely causes|How to verify)$/
/** What a shell, promtool, Compose, kubectl, psql or npm says of a command that cannot be right. */
const WRONG =
  /command not found|syntax error|parse error|unknown (?:command|flag|option|shorthand)|no such service|does not exist|Missing script|NotFound|the server doesn't have a resource/i

/** A pod that ended between the list of pods and the question for its log. */
const ENDED = /^Error from server \(NotFound\): pods ".*$/gm

/** The commands of a runbook that change nothing. @param file such as `no-traffic.md` */
export function lookingBlocks(file: string, runs: Block['runs']): Block[] {
  const markdown = readFileSync(join(RUNBOOKS, file), 'utf8')
  const headings = [...markdown.matchAll(/^## (.+)$/gm)].map(({ 1: title = '', index }) => ({
    title,
    line: markdown.slice(0, index).split('\n').length,
  }))
  return readBlocks(markdown).filter(
    (block) =>
      block.runs === runs &&
      LOOKING.test(headings.findLast((heading) => heading.line < block.line)?.title ?? ''),
  )
}

/** What is wrong with a command that only looked; undefined when nothing is. */
export function complaintAbout({ exitCode, stdout, stderr }: Ran): string | undefined {
  // 1: grep found nothing, or the service that is asked does not run here
  if (exitCode > 1) return `it ended with ${exitCode}:\n${stdout}\n${stderr}`
  const written = `${stdout}\n${stderr.replace(ENDED, '')}`
  return WRONG.test(written) ? written : undefined
}
