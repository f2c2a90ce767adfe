import { writeResults } from './document.ts'
import { HELP, InvalidArgument, readOptions } from './options.ts'
import { runBench } from './run.ts'
import { forTerminal, tablesOf } from './tables.ts'

const INTERRUPTED = 130

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const options = readOptions(args)
    if (options === 'help') {
      console.log(HELP)
      return 0
    }
    const interrupted = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
    const results = await runBench(options, interrupted.signal)
    console.log(`\n${forTerminal(tablesOf(results))}`)
    if (interrupted.signal.aborted) return INTERRUPTED
    if (options.save) console.log(`\nwritten: ${writeResults(results).join(', ')}`)
    return 0
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error
    console.error(`bench: ${error.message}`)
    return 2
  }
}
