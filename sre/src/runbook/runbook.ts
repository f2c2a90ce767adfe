import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../context.ts'
import { CannotTell, UsageError } from '../verb.ts'
import { type FrontMatter, readFrontMatter } from './front-matter.ts'
import { readSteps, type Step } from './steps.ts'

/** The only place that commands come from. */
export const RUNBOOKS = join(REPOSITORY, 'docs/runbooks')

export interface Runbook extends FrontMatter {
  name: string
  /** its first heading */
  title: string
  steps: Step[]
}

/** The names of all pages, in alphabetical order. */
export function runbookNames(directory = RUNBOOKS): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => file.slice(0, -'.md'.length))
    .sort()
}

/**
 * @throws {UsageError} when there is none of this name
 * @throws {CannotTell} when the page is wrong
 */
export function readRunbook(name: string, directory = RUNBOOKS): Runbook {
  const names = runbookNames(directory)
  if (!names.includes(name)) throw new UsageError(`"${name}" is no runbook: ${names.join(', ')}`)
  const markdown = readFileSync(join(directory, `${name}.md`), 'utf8')
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? name
  try {
    return { name, title, ...readFrontMatter(markdown), steps: readSteps(markdown) }
  } catch (error) {
    throw new CannotTell((error as Error).message, `docs/runbooks/${name}.md`)
  }
}

/** The runbooks by the alerts that they name. A page that is wrong does not stand in the way of another one. */
export function runbooksByAlert(directory = RUNBOOKS): Map<string, Runbook> {
  const runbooks = runbookNames(directory).flatMap((name) => {
    try {
      return [readRunbook(name, directory)]
    } catch (error) {
      if (error instanceof CannotTell) return []
      throw error
    }
  })
  // of two that name the same alert the first one counts
  return new Map(
    runbooks.toReversed().flatMap((runbook) => runbook.alerts.map((alert) => [alert, runbook] as const)),
  )
}
