import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVICES } from '@quickticket/contract/services'
import { variablesOf } from '@quickticket/local/known-variables'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../src/repository.ts'
import { SECTIONS, VARIABLE_FILES } from '../src/variable-files.ts'

const files = Object.entries(VARIABLE_FILES).map(
  ([file, fill]) => [file, fill, readFileSync(join(REPOSITORY, file), 'utf8')] as const,
)

test.each(files)('%s is what npm run variables writes', (_file, fill, text) => {
  expect(fill(text)).toBe(text)
})

test.each(files)('%s has every section', (_file, _fill, text) => {
  const marks = [...text.matchAll(/^(?:# --- (.+) ---|<!-- variables: (.+) -->)$/gm)]
  const sections = marks.map(([, one, other]) => one ?? other)
  expect(sections).toEqual(expect.arrayContaining(Object.keys(SECTIONS)))
})

test.each(SERVICES)('every variable of %s is in a section', (service) => {
  const listed = Object.values(SECTIONS).flatMap(Object.keys)
  const names = variablesOf(service).filter((name) => !name.endsWith('_FILE') || listed.includes(name))
  expect(listed).toEqual(expect.arrayContaining(names))
})
