import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { EXERCISES } from '../lab11/names.ts'
import { MINE } from './files.ts'

export const HELP = `npm run exercise -- NAME…

Checks your solution of an exercise, and says in words what is missing. The first time it copies the starting points to
exercises/mine/lab11, which is yours from then on; delete a file to start it again.

NAME is lab11 for all, or one of: ${EXERCISES.join(', ')}

  --directory DIR  where your files are, in place of exercises/mine/lab11`

export interface Options {
  exercises: string[]
  directory: string
}

/** @throws Error in words when an argument is none. @returns undefined when help is asked for */
export function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, directory: { type: 'string', default: MINE } },
  })
  if (values.help || positionals.length === 0) return undefined
  const unknown = positionals.find((name) => name !== 'lab11' && !isExercise(name))
  if (unknown !== undefined)
    throw new Error(`there is no exercise ${unknown}, only lab11 and ${EXERCISES.join(', ')}`)
  const exercises = positionals.includes('lab11') ? EXERCISES : positionals
  return { exercises, directory: resolve(values.directory) }
}

function isExercise(name: string): boolean {
  return (EXERCISES as string[]).includes(name)
}
