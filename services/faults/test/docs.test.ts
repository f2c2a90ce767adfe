import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseFaults } from '../src/parse.ts'
import { KINDS } from '../src/rule.ts'

const page = readFileSync(new URL('../../../docs/faults.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/FAULTS="([^"]+)"|"faults":"([^"]+)"/g)].map(
  ([, one, other]) => one ?? other,
)

test.each(examples)('the example %s can be run', (example) => {
  expect(parseFaults(example as string)).not.toEqual([])
})

test('there is an example for every kind', () => {
  const shown = examples.flatMap((example) => parseFaults(example as string).map(({ fault }) => fault.kind))
  expect([...new Set(shown)].toSorted()).toEqual([...KINDS].toSorted())
})
