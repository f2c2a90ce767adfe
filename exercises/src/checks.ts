import { join, relative } from 'node:path'
import type { TestError } from 'vitest'
import { startVitest, type TestSuite } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    exercises: string[]
    directory: string
  }
}

/** A requirement, and why it is not met; without a reason it is. */
export interface Requirement {
  requires: string
  missing: string | undefined
}

export interface Result {
  exercise: string
  requirements: Requirement[]
}

const ROOT = join(import.meta.dirname, '../..')
/** for a promise that never settles; time itself stands still in a check */
const TIMEOUT_MS = 20_000

/** Runs the checks of these exercises against the files of a directory. */
export async function runChecks(exercises: string[], directory: string): Promise<Result[]> {
  const vitest = await startVitest([], {
    config: false,
    root: ROOT,
    include: ['exercises/src/run.check.ts'],
    provide: { exercises, directory },
    watch: false,
    testTimeout: TIMEOUT_MS,
    chaiConfig: { truncateThreshold: 0 },
    // what the run has to say is said by the report
    reporters: [{}],
    silent: true,
  })
  await vitest.close()
  // vitest sets it for its own purposes
  process.exitCode = undefined
  const suites = vitest.state.getTestModules().flatMap((module) => [...module.children.suites()])
  return suites.map((suite) => ({ exercise: suite.name, requirements: readSuite(suite, directory) }))
}

function readSuite(suite: TestSuite, directory: string): Requirement[] {
  return [...suite.children.tests()].map((test) => {
    const [error] = test.result().errors ?? []
    return { requires: test.name, missing: error && inWords(error, directory) }
  })
}

function inWords({ name, message, stacks = [] }: TestError, directory: string): string {
  if (message.startsWith('Test timed out')) return 'it did not end'
  if (name === 'AssertionError') return message.replace(' // Object.is equality', '').replaceAll('+0', '0')
  const where = stacks.find(({ file }) => file.startsWith(directory))
  return where ? `${name}: ${message} (${relative(directory, where.file)}, line ${where.line})` : message
}
