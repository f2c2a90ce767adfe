import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { REPOSITORY } from '@quickticket/testing/repository'
import type { Results } from './results.ts'
import { forMarkdown, tablesOf } from './tables.ts'

const PAGE = `${REPOSITORY}docs/performance.md`
const BEGIN = '<!-- bench:begin, written by npm run bench -->'
const END = '<!-- bench:end -->'

/** @returns the files that it wrote */
export function writeResults(results: Results): string[] {
  const file = `${REPOSITORY}loadgen/results/${results.startedAt.slice(0, 10)}.json`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(PAGE, renderInto(readFileSync(PAGE, 'utf8'), results))
  return [file, PAGE].map((path) => relative(REPOSITORY, path))
}

/** The page with the part between its two marks replaced. */
export function renderInto(page: string, results: Results): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/performance.md has lost its marks ${BEGIN} and ${END}`)
  const { machine, startedAt, rounds, seconds } = results
  const where =
    `Measured on ${startedAt.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ` +
    `Linux ${machine.kernel}, Node.js ${machine.node}; ${rounds} rounds of ${seconds} s. ` +
    `Before it began, ${machine.loadBefore.toFixed(1)} processes of others were running on average; above 0.5, rates and latencies are theirs too.`
  return `${page.slice(0, begin)}${BEGIN}\n\n${where}\n\n${forMarkdown(tablesOf(results))}\n\n${page.slice(end)}`
}
