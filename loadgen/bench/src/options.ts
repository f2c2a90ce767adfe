import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { REPOSITORY } from '@quickticket/testing/repository'
import { CASES } from './cases.ts'
import { EXTRAS } from './extras.ts'

export interface Options {
  /** of cases and of what is measured besides them */
  only: string[]
  rounds: number
  seconds: number
  /** the root of the checkout whose services are measured */
  from: string
  /** where services leave profiles of their CPU time when they end */
  cpuProfDir: string | undefined
  /** write the results and docs/performance.md */
  save: boolean
}

/** The message is one line for the user of the command. */
export class InvalidArgument extends Error {}

const NAMES = [...CASES.filter(({ ceiling }) => !ceiling).map(({ name }) => name), ...EXTRAS]

export const HELP = `Usage: npm run bench -- [options]

Starts PostgreSQL, Redis and the services fresh, with the logs and metrics they have by default, measures every case
several times in turn with what it is compared with, and prints a table.

  --only NAME,…   cases to measure; default all:
                  ${wrapped(NAMES)}
  --rounds N      how often each is measured, 1 to 100; default 3
  --seconds S     how long a time, 0.5 to 600; default 3
  --from DIR      measure the services of another checkout, with its own node_modules; so before and after compare
  --cpu-prof DIR  services write CPU profiles there when they end
  --no-save       do not write loadgen/results/<date>.json and docs/performance.md; so it is with --only
  --save          write them with --only too`

export function readOptions(args: string[]): Options | 'help' {
  const { values } = parse(args)
  if (values.help) return 'help'
  const only = values.only === undefined ? NAMES : values.only.split(',').map((name) => name.trim())
  for (const name of only) {
    if (!NAMES.includes(name) && !CASES.some((each) => each.name === name))
      throw new InvalidArgument(`--only names "${name}"; there are ${NAMES.join(', ')}`)
  }
  return {
    only,
    from: resolve(values.from ?? REPOSITORY),
    cpuProfDir: values['cpu-prof'] && resolve(values['cpu-prof']),
    rounds: Math.round(readNumber('--rounds', values.rounds ?? '3', 1, 100)),
    seconds: readNumber('--seconds', values.seconds ?? '3', 0.5, 600),
    save: values.save ?? (values.only === undefined && !values['no-save']),
  }
}

function parse(args: string[]) {
  const string = { type: 'string' } as const
  const boolean = { type: 'boolean' } as const
  try {
    return parseArgs({
      args,
      options: {
        only: string,
        from: string,
        'cpu-prof': string,
        rounds: string,
        seconds: string,
        save: boolean,
        'no-save': boolean,
        help: boolean,
      },
    })
  } catch (error) {
    throw new InvalidArgument(`${(error as Error).message.split('. ', 1)[0]}; --help shows the usage`)
  }
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InvalidArgument(`${name} is "${text}"; it has to be a number from ${least} to ${most}`)
}

function wrapped(names: readonly string[]): string {
  return names
    .join(', ')
    .replace(/(.{60,90}, )/g, '$1\n                  ')
    .replaceAll(' \n', '\n')
}
