import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import { describe, expect, test } from 'vitest'

const DIRECTORY = join(REPOSITORY, 'docs/compatibility')
const OVERVIEW = join(REPOSITORY, 'docs/compatibility.md')
const LABS = Array.from({ length: 12 }, (_, index) => `lab${String(index + 1).padStart(2, '0')}`)
const VERDICTS = ['as written', 'named', 'n.a.'] as const

type Verdict = (typeof VERDICTS)[number]

/** The cells of a table's rows; a `|` within code is written `\|`. */
function tableRows(markdown: string, header: string): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.startsWith(header))
  if (start === -1) return []
  const rows = lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

function readSheet(lab: string): string[][] {
  const markdown = readFileSync(join(DIRECTORY, `${lab}.md`), 'utf8')
  const tables = markdown.split(/^(?=\| lines )/m).slice(1)
  return tables.flatMap((table) => tableRows(table, '| lines '))
}

const count = (rows: string[][], verdict: Verdict) => rows.filter(([, , here]) => here === verdict).length

test('every sheet of the course is compared line by line', () => {
  expect(readdirSync(DIRECTORY).toSorted()).toEqual(LABS.map((lab) => `${lab}.md`))
})

describe.each(LABS)('%s', (lab) => {
  test('each row says where it is in the sheet and what holds here', () => {
    const rows = readSheet(lab)
    expect(rows.length).toBeGreaterThan(10)
    for (const row of rows) {
      const [lines, sheet, here] = row
      expect({ row, columns: row.length }).toEqual({ row, columns: 4 })
      expect(lines).toMatch(/^\d+([–-]\d+)?(, ?\d+([–-]\d+)?)*$/)
      expect(sheet).not.toBe('')
      expect(VERDICTS).toContain(here)
    }
  })

  test('what differs is named with what to type or see instead', () => {
    const unnamed = readSheet(lab).filter(([, , here, difference]) => here === 'named' && difference === '')
    expect(unnamed).toEqual([])
  })

  test('the overview counts it as it is', () => {
    const rows = readSheet(lab)
    const overview = tableRows(readFileSync(OVERVIEW, 'utf8'), '| sheet ')
    const counted = overview.find(([name]) => name?.includes(`compatibility/${lab}.md`))
    expect(counted?.slice(1)).toEqual(
      [rows.length, ...VERDICTS.map((verdict) => count(rows, verdict))].map(String),
    )
  })
})
