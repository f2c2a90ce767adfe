import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXERCISES } from '../lab11/names.ts'

const START = join(import.meta.dirname, '../lab11/start')

/** Where students write, unless they say otherwise. */
export const MINE = join(import.meta.dirname, '../mine/lab11')

/**
 * Copies the starting point of each exercise that a directory has no file of.
 *
 * @returns what is new: files, or the directory itself
 */
export function begin(directory: string): string[] {
  const isNew = !existsSync(directory)
  mkdirSync(directory, { recursive: true })
  const files = EXERCISES.map((name) => `${name}.ts`).filter((file) => !existsSync(join(directory, file)))
  for (const file of files) copyFileSync(join(START, file), join(directory, file))
  return isNew ? [directory] : files.map((file) => join(directory, file))
}
