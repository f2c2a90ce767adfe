import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSteps, type Step } from '@quickticket/sre/runbook/steps'
import { REPOSITORY } from '@quickticket/testing/repository'
import type { Ran } from './shell.ts'

export const RUNBOOKS = join(REPOSITORY, 'docs/runbooks')

/** What a shell, promtool, Compose, kubectl, psql or npm says of a command that cannot be right. */
const WRONG =
  /command not found|syntax error|parse error|unknown (?:command|flag|option|shorthand)|no such service|does not exist|Missing script|NotFound|the server doesn't have a resource/i

/** A pod that ended between the list of pods and the question for its log. */
const ENDED = /^Error from server \(NotFound\): pods ".*$/gm

/** The commands of a runbook that change nothing: a fix is for the incident that it ends. @param file such as `no-traffic.md` */
export function lookingBlocks(file: string, runs: Step['runs']): Step[] {
  return readSteps(readFileSync(join(RUNBOOKS, file), 'utf8')).filter(
    (step) => step.runs === runs && !step.changes && step.part !== 'Fix',
  )
}

/** What is wrong with a command that only looked; undefined when nothing is. */
export function complaintAbout({ exitCode, stdout, stderr }: Ran): string | undefined {
  // 1: grep found nothing, or the service that is asked does not run here
  if (exitCode > 1) return `it ended with ${exitCode}:\n${stdout}\n${stderr}`
  const written = `${stdout}\n${stderr.replace(ENDED, '')}`
  return WRONG.test(written) ? written : undefined
}
