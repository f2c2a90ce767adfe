import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { KINDS } from '../src/kinds.ts'
import { parseFaults } from '../src/parse.ts'

const page = readFileSync(new URL('../../../docs/faults.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/FAULTS="([^"]+)"|"faults":"([^"]+)"/g)].map(
  ([, one, other]) => one ?? other,
)

test.each(examples)('the example %s can be run', (example) => {
  expect(parseFaults(example as string)).not.toEqual([])
})

test('there is an example for every kind', () => {
  const shown = examples.flatMap((example) => parseFaults(example as string).map(({ kind }) => kind.name))
  expect([...new Set(shown)].toSorted()).toEqual(KINDS.map(({ name }) => name).toSorted())
})

test('every kind has a section, in the order of the code', () => {
  const sections = page.split('\n## ').find((part) => part.startsWith('The kinds')) ?? ''
  expect([...sections.matchAll(/^### (.+)$/gm)].map(([, name]) => name)).toEqual(
    KINDS.map(({ name }) => name),
  )
})
