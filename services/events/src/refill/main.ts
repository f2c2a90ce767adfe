import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { isUsageError, usageError } from '@quickticket/kit/usage'
import { openStores } from '../command-stores.ts'
import { untilReachable } from '../until-reachable.ts'
import { readCommand, USAGE } from './command.ts'
import { type Hall, type RefillOptions, refill, type Stores } from './refill.ts'

// as process 1 of a container, it would not hear the signal otherwise
process.once('SIGTERM', () => process.exit(0))

const exitCode = await main().catch((error: Error) => {
  console.error(reasonOf(error))
  return 2
})
process.exit(exitCode)

function reasonOf(error: Error): string {
  if (error instanceof ConfigError) return error.message
  if (isUsageError(error)) return usageError(error, 'npm run refill --')
  return `the refill was not possible: ${error.message}`
}

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2))
  if (command === 'help') {
    console.log(USAGE)
    return 0
  }
  const { stores, expect } = await openStores('refill', process.env)
  const { seats, everyS, asJson } = command
  if (everyS !== undefined) return goOn(stores, seats, everyS)
  await expect()
  const halls = await refill(stores, { seats })
  console.log(asJson ? JSON.stringify(halls) : halls.map(asLine).join('\n'))
  return 0
}

/** Databases go, and come back empty; it goes on with what there is. */
async function goOn(stores: Stores, seats: number | undefined, everyS: number): Promise<never> {
  const log = createLog('refill', 'info')
  for (;;) {
    try {
      const grown = (await round(stores, { seats, below: 0.5 })).filter(({ added }) => added > 0)
      for (const { eventId, added, free, total } of grown)
        log.info({ event_id: eventId, added, free, total }, 'hall refilled')
    } catch (error) {
      log.warn({ err: error }, 'refill was not possible')
    }
    await delay(everyS * 1000)
  }
}

async function round(stores: Stores, options: RefillOptions): Promise<Hall[]> {
  if (stores.holds) await untilReachable(stores.holds)
  return refill(stores, options)
}

function asLine({ eventId, name, added, free, total }: Hall): string {
  return `event ${eventId}  ${name.padEnd(22)}  +${added}, ${free} of ${total} seats are free`
}
