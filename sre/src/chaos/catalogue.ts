import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type Environment, REPOSITORY } from '../context.ts'
import { UsageError } from '../verb.ts'
import { type Experiment, readExperiment } from './experiment.ts'

const CATALOGUE = join(REPOSITORY, 'sre/experiments')

/** A file of the catalogue; one that is wrong does not hide the others. */
export type Entry =
  | { name: string; experiment: Experiment }
  | { name: string; experiment: undefined; problem: string }

/** The experiments of sre/experiments, in alphabetical order. */
export function readCatalogue(env: Environment): Entry[] {
  return namesOfCatalogue().map((name) => {
    try {
      return { name, experiment: readFile(join(CATALOGUE, `${name}.yaml`), env) }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      return { name, experiment: undefined, problem: error.message }
    }
  })
}

/**
 * The experiment of a name in the catalogue, or of a file.
 *
 * @throws {UsageError} when there is none, or it is wrong
 */
export function findExperiment(nameOrFile: string, env: Environment): Experiment {
  const names = namesOfCatalogue()
  if (names.includes(nameOrFile)) return readFile(join(CATALOGUE, `${nameOrFile}.yaml`), env)
  // npm starts the program in the root of the repository, wherever the user is
  const file = resolve(env.INIT_CWD ?? '.', nameOrFile)
  if (/\.ya?ml$/.test(nameOrFile) && existsSync(file)) return readFile(file, env)
  throw new UsageError(`"${nameOrFile}" is no experiment and no file: ${names.join(', ')}`)
}

function namesOfCatalogue(): string[] {
  if (!existsSync(CATALOGUE)) return []
  return readdirSync(CATALOGUE)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => file.slice(0, -'.yaml'.length))
}

function readFile(file: string, env: Environment): Experiment {
  const inside = relative(REPOSITORY, file)
  return readExperiment(readFileSync(file, 'utf8'), inside.startsWith('..') ? file : inside, env)
}
