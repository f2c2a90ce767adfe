import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { openStores } from '../command-stores.ts'
import { untilReachable } from '../until-reachable.ts'
import { readCommand } from './command.ts'
import { type Hall, type RefillOptions, refill, type Stores } from './refill.ts'

// Node.js as process 1 of a container ignores the signal by default
process.once('SIGTERM', () => process.exit(0))

const exitCode = await main().catch((error: Error) => {
  console.error(reasonOf(error))
  return 2
})
process.exit(exitCode)

function reasonOf(error: Error): string {
  if (error instanceof ConfigError) return error.message
  return `the refill was not possible: ${error.message}`
}

async function main(): Promise<number> {
  const { seats, everyS, asJson } = readCommand()
  const { stores, expect } = await openStores('refill', process.env)
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
