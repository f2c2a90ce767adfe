import { resolve } from 'node:path'
import { readCommandLine } from '@quickticket/kit/command-line'
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

/** Ends the process after `--help` and when the arguments are wrong. Without a name there are no exercises. */
export function readOptions(): Options {
  return readCommandLine(
    {
      command: 'npm run exercise --',
      usage: HELP,
      allowPositionals: true,
      options: { directory: { type: 'string', default: MINE } },
    },
    ({ values, positionals }) => {
      const unknown = positionals.find((name) => name !== 'lab11' && !isExercise(name))
      if (unknown !== undefined)
        throw new Error(`there is no exercise ${unknown}, only lab11 and ${EXERCISES.join(', ')}`)
      const exercises = positionals.includes('lab11') ? EXERCISES : positionals
      return { exercises, directory: resolve(values.directory) }
    },
  )
}

function isExercise(name: string): boolean {
  return (EXERCISES as string[]).includes(name)
}
