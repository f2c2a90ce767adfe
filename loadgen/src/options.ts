export interface Options {
  /** without a slash at the end */
  gatewayUrl: string
  rps: number
  seconds: number
}

/** The message is one line for whoever typed the command. */
export class InvalidArgument extends Error {}

const MOST_RPS = 1000
const MOST_SECONDS = 86_400

export const HELP = `Usage: ./loadgen/run.sh [rps] [seconds]

Sends buyers to QuickTicket: 70 % list the events, 20 % reserve a seat of a random event, 10 % reserve and pay.
They arrive evenly and do not wait for each other's answers.

  rps      arrivals per second, above 0 and up to ${MOST_RPS}; default 5
  seconds  how long, above 0 and up to ${MOST_SECONDS}; default 60

  GATEWAY_URL  where the gateway is, default http://localhost:3080

Every 10 s and at the end a line says what came of them. An event without enough seats (409) counts as sold_out and
not as a failure. Ctrl-C ends it early.`

export function readOptions(args: string[], { GATEWAY_URL }: NodeJS.ProcessEnv): Options | 'help' {
  if (args.includes('--help') || args.includes('-h')) return 'help'
  if (args.length > 2) throw new InvalidArgument(`unexpected argument "${args[2]}"; --help shows the usage`)
  return {
    rps: readNumber('rps', args[0] ?? '5', MOST_RPS),
    seconds: readNumber('seconds', args[1] ?? '60', MOST_SECONDS),
    gatewayUrl: readUrl(GATEWAY_URL || 'http://localhost:3080'),
  }
}

function readNumber(name: string, text: string, most: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value > 0 && value <= most) return value
  throw new InvalidArgument(`${name} is "${text}"; it has to be a number above 0 and up to ${most}`)
}

function readUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol === 'http:' || protocol === 'https:') return text.replace(/\/+$/, '')
  throw new InvalidArgument(`GATEWAY_URL is "${text}"; it has to look like http://localhost:3080`)
}
