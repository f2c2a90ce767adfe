import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withoutFrontMatter } from '../receiver/front-matter.ts'

const DIRECTORY = fileURLToPath(new URL('../../docs/runbooks', import.meta.url))

/** The dashboard that shows them, so that they can be read wherever Grafana can. */
export const RUNBOOKS_UID = 'quickticket-runbooks'

/** docs/runbooks/<name>.md, in alphabetical order. */
export function runbookNames(): string[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => file.slice(0, -'.md'.length))
    .sort()
}

/** Without its front matter. */
export function readRunbook(name: string): string {
  return withoutFrontMatter(readFileSync(join(DIRECTORY, `${name}.md`), 'utf8'))
}

/**
 * Where Grafana shows a runbook, from its root.
 * @throws when there is none of this name
 */
export function runbookUrl(name: string): string {
  const index = runbookNames().indexOf(name)
  if (index === -1)
    throw new Error(`there is no docs/runbooks/${name}.md; there are: ${runbookNames().join(', ')}`)
  return `/d/${RUNBOOKS_UID}?viewPanel=panel-${index + 1}`
}
