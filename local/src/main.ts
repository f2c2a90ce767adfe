import { firstSentence, HELP } from './help-texts.ts'
import { type Options, readOptions } from './options.ts'
import { runSystem } from './runner.ts'

let options: Options
try {
  options = readOptions(process.argv.slice(2), process.env)
} catch (error) {
  console.error(`${firstSentence(error)}; npm start -- --help lists what there is`)
  process.exit(2)
}
if (options.help) {
  console.log(HELP)
} else {
  try {
    await runSystem(options, process.env)
    process.exit(0)
  } catch (error) {
    console.error(describe(error as Error))
    process.exit(1)
  }
}

/** What went wrong outside of this program is told by its message; where it went wrong matters for its own mistakes. */
function describe(error: Error): string | undefined {
  return error.constructor === Error || 'code' in error ? error.message : error.stack
}
