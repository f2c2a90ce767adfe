import { InvalidArgument } from './arguments.ts'
import { HELP, readOptions } from './options.ts'
import { run } from './run.ts'

const BAD_ARGUMENT = 2

process.exitCode = await main(process.argv.slice(2), process.env)

async function main(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    const options = readOptions(args, environment)
    if (options !== 'help') return await run(options)
    console.log(HELP)
    return 0
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error
    console.error(`loadgen: ${error.message}`)
    return BAD_ARGUMENT
  }
}
