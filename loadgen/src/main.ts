import { type Client, createClient } from './client.ts'
import { chooseAction } from './mix.ts'
import { HELP, InvalidArgument, type Options, readOptions } from './options.ts'
import { type Counts, createTally, doneLine, progressLine, type Tally } from './report.ts'
import { arrivals, elapsed, type Schedule } from './schedule.ts'

const PROGRESS_EVERY_S = 10
const INTERRUPTED = 130

process.exitCode = await main(process.argv.slice(2), process.env)

async function main(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    const options = readOptions(args, environment)
    if (options === 'help') {
      console.log(HELP)
      return 0
    }
    return await generateLoad(options)
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error
    console.error(`loadgen: ${error.message}`)
    return 2
  }
}

/** Sends the load and says how it goes; Ctrl-C ends it early, and answers that are still missing do not count. */
async function generateLoad({ gatewayUrl, rps, seconds }: Options): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)

  const client = createClient(gatewayUrl)
  const { counts, add } = createTally()
  const schedule = { rps, seconds, signal: interrupted.signal }
  console.log(`${rps} requests/s to ${gatewayUrl} for ${seconds} s`)
  await Promise.all([sendBuyers(client, schedule, add), reportProgress(schedule, counts)])
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  await client.close()
  console.log(doneLine(counts))
  return interrupted.signal.aborted ? INTERRUPTED : 0
}

/** Resolves when the last of them has an answer. */
async function sendBuyers(client: Client, schedule: Schedule, add: Tally['add']): Promise<void> {
  const waiting = new Set<Promise<void>>()
  for await (const _ of arrivals(schedule)) {
    const answered = client[chooseAction(Math.random())](schedule.signal)
      .then(add)
      .finally(() => waiting.delete(answered))
    waiting.add(answered)
  }
  await Promise.all(waiting)
}

async function reportProgress(schedule: Schedule, counts: Counts): Promise<void> {
  for await (const seconds of elapsed(PROGRESS_EVERY_S, schedule)) console.log(progressLine(seconds, counts))
}
