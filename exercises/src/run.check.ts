/** Run by vitest for `npm run exercise`: the checks of some exercises against the files of a student. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, inject, test } from 'vitest'
import { checksOf } from '../lab11/exercise.ts'
import type { ExerciseName } from '../lab11/shapes.ts'
import type { Check } from './check.ts'

describe.each(inject('exercises'))('%s', async (name) => {
  const file = join(inject('directory'), `${name}.ts`)
  const checks = checksOf[name as ExerciseName] as Check<unknown>[]
  let subject: unknown
  let broken: unknown
  try {
    subject = await import(pathToFileURL(file).href)
  } catch (error) {
    broken = error
  }
  if (broken) {
    test('the file can be read', () => {
      throw broken
    })
  } else for (const { requires, verify } of checks) test(requires, () => verify(subject))
})
