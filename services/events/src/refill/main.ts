import { setTimeout as delay } from 'node:timers/promises'
import { loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import { variables } from '../config.ts'
import { connectHolds, connectPostgres } from '../connections.ts'
import { untilReachable } from '../until-reachable.ts'
import { readCommand, USAGE } from './command.ts'
import { type Hall, type RefillOptions, refill, type Stores } from './refill.ts'

// as process 1 of a container, it would not hear the signal otherwise
process.once('SIGTERM', () => process.exit(0))

const exitCode = await main().catch((error: Error) => {
  console.error(`the refill was not possible: ${error.message || error}`)
  return 2
})
process.exit(exitCode)

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2))
  if (command === 'help') {
    console.log(USAGE)
    return 0
  }
  const onThisMachine = { DB_HOST: '127.0.0.1', REDIS_HOST: '127.0.0.1' }
  const config = loadConfig(variables, { ...onThisMachine, ...process.env })
  const log = createLog('refill', 'error')
  const holds = config.HOLD_STORE === 'redis' ? connectHolds(config, log) : undefined
  const stores: Stores = { postgres: connectPostgres(config, log), holds }
  const { seats, everyS } = command
  if (everyS !== undefined) return goOn(stores, seats, everyS)
  for (const hall of await round(stores, { seats })) console.log(asLine(hall))
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
