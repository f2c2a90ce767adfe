import { relative } from 'node:path'
import { runChecks } from './checks.ts'
import { begin } from './files.ts'
import { HELP, readOptions } from './options.ts'
import { isSolved, report } from './report.ts'

process.exitCode = await main()

async function main(): Promise<number> {
  const { exercises, directory } = readOptions()
  if (exercises.length === 0) {
    console.log(HELP)
    return 0
  }
  for (const path of begin(directory)) console.log(`${relative(process.cwd(), path)} is new, to start from`)
  const results = await runChecks(exercises, directory)
  console.log(report(results))
  return results.every(isSolved) ? 0 : 1
}
