import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'

/** A row of the table in docs/architecture.md that says what works when something fails. */
export interface FailureRow {
  broken: string
  list: string
  reserve: string
  pay: string
  health: string
}

export function readFailureTable(): FailureRow[] {
  const page = readFileSync(join(REPOSITORY, 'docs/architecture.md'), 'utf8')
  const [, section = ''] = page.split('## When something fails')
  const lines = (section.split(/^## /m)[0] ?? '').split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) => {
    const [broken = '', list = '', reserve = '', pay = '', health = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    return { broken, list, reserve, pay, health }
  })
}

/** The answers that a cell allows: `503 payments_unavailable` of its words and quotes, `502` and `504` of "502 or 504". */
export function answersOf(cell: string): string[] {
  const statuses = cell.match(/\b\d{3}\b/g) ?? []
  const [, error] = /`([a-z_]+)`/.exec(cell) ?? []
  return statuses.map((status) => (error === undefined ? status : `${status} ${error}`))
}
