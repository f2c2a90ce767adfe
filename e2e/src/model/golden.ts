import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AS_BEFORE, FOR_A_TRACE, SAFEGUARDS, type Safeguard, SCENARIOS } from './model.ts'
import { type SearchResult, search } from './spin.ts'
import { describeTrace, parseTrace, type Step } from './trace.ts'

/** Everything that has a trace, by the name of its file. */
export const BROKEN: Record<string, Safeguard> = {
  'as-before': AS_BEFORE,
  ...Object.fromEntries(
    Object.entries(SAFEGUARDS)
      .filter(([, { redundant }]) => !redundant)
      .map(([name, safeguard]) => [`no-${name}`, safeguard]),
  ),
}

/** The shortest way in which a promise breaks without a safeguard. */
export function searchWithout({ defines, scenario }: Safeguard): Promise<SearchResult> {
  return search({ scenario, defines: [...defines, ...FOR_A_TRACE], look: 'shortest' })
}

/** A trace with a head that says what it is of. */
export function describeBroken({ about, scenario }: Safeguard, { broken }: SearchResult): string {
  if (!broken) throw new Error('no promise is broken')
  const { promise, trace } = broken
  const removed = about.startsWith('the protocol') ? about : `without: ${about}`
  return `${removed}\nscenario ${scenario}: ${SCENARIOS[scenario].about}\n\n${describeTrace(trace)}\n\npromise ${promise}\n`
}

export function readGolden(name: string): string {
  return readFileSync(fileOf(name), 'utf8')
}

export function readGoldenTrace(name: string): Step[] {
  return parseTrace(readGolden(name))
}

export function writeGolden(name: string, text: string): void {
  writeFileSync(fileOf(name), text)
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`../../model/traces/${name}.txt`, import.meta.url))
}
