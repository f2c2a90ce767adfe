import { relative } from 'node:path'
import { usageError } from '@quickticket/kit/usage'
import { runChecks } from './checks.ts'
import { begin } from './files.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { isSolved, report } from './report.ts'

const BAD_ARGUMENT = 2

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(usageError(error, 'npm run exercise --'))
    return BAD_ARGUMENT
  }
  if (!options) {
    console.log(HELP)
    return 0
  }
  const { exercises, directory } = options
  for (const path of begin(directory)) console.log(`${relative(process.cwd(), path)} is new, to start from`)
  const results = await runChecks(exercises, directory)
  console.log(report(results))
  return results.every(isSolved) ? 0 : 1
}
