import { readCommandLine } from '@quickticket/kit/command-line'

const USAGE = `npm run refill [-- --seats N] [--every S] [--json]

Makes seats of the course's five events free again after a load. Their halls grow; orders and holds stay as they are.

  --seats N   free in each of them afterwards; by default as many as it has at first: 100, 30, 500, 25 and 80
  --every S   goes on: looks every S seconds, and refills halls of which less than half of these are left
  --json      prints what it did as JSON

It takes the stores of the npm start that runs here. Others are named by DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASS,
REDIS_HOST and REDIS_PORT, by default those on this machine; with HOLD_STORE=memory seats that are held count as free.
Exit codes: 0, 2 when it was not possible.`

export interface Command {
  seats: number | undefined
  everyS: number | undefined
  asJson: boolean
}

const MOST_SEATS = 1_000_000
const MOST_SECONDS = 3600

/** Ends the process after `--help` and when the arguments are wrong. */
export function readCommand(): Command {
  const options = {
    seats: { type: 'string' },
    every: { type: 'string' },
    json: { type: 'boolean', default: false },
  } as const
  return readCommandLine({ command: 'npm run refill --', usage: USAGE, options }, ({ values }) => ({
    seats: readInteger('--seats', values.seats, MOST_SEATS),
    everyS: readInteger('--every', values.every, MOST_SECONDS),
    asJson: values.json,
  }))
}

function readInteger(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= 1 && value <= most) return value
  throw new Error(`${name} is "${text}"; it has to be a whole number from 1 to ${most}`)
}
