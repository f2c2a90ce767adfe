import { parseArgs } from 'node:util'
import {
  InvalidArgument,
  MOST_RPS,
  MOST_SECONDS,
  readChoice,
  readDuration,
  readInteger,
  readRate,
  readSeconds,
  readUrl,
} from './arguments.ts'
import type { Shape } from './load.ts'
import { constant, parseProfile, secondsOf } from './profile.ts'
import { REFILL_SEATS } from './refill.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'
import { type Objective, parseSlo } from './slo.ts'

export interface Options {
  /** without a slash at the end */
  gatewayUrl: string
  shape: Shape
  /** the load of the first step of `--until-breaks`; undefined: one run */
  untilBreaks: { from: number; stepSeconds: number } | undefined
  scenario: Scenario
  eventIds: number[]
  seed: number
  /** buyers who only reserve give their seats back */
  release: boolean
  /** the events get seats before the load, and before each step of a search */
  refill: boolean
  slo: Objective[]
  /** the report: a page, or an image when its name ends with .svg */
  outFile: string | undefined
  jsonFile: string | undefined
  metricsPort: number | undefined
  /** what the first line says of the load */
  described: string
  /** only rps and seconds were given: standard output has the lab's lines and nothing else */
  plain: boolean
}

const MOST_USERS = 20_000
const DEFAULT_STEP_S = 10
const SCENARIO_NAMES = Object.keys(SCENARIOS) as Scenario[]

const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean' } as const
const FLAGS = {
  profile: TEXT,
  duration: TEXT,
  users: TEXT,
  'spawn-rate': TEXT,
  think: TEXT,
  scenario: TEXT,
  events: TEXT,
  'until-breaks': FLAG,
  step: TEXT,
  slo: TEXT,
  out: TEXT,
  json: TEXT,
  'metrics-port': TEXT,
  seed: TEXT,
  release: FLAG,
  refill: FLAG,
  url: TEXT,
  help: { ...FLAG, short: 'h' },
} as const

export const HELP = `Usage: ./loadgen/run.sh [rps] [seconds] [options]
       npm run load -- [rps] [seconds] [options]

Sends buyers to QuickTicket: 70 % list the events, 20 % reserve a seat of a random event, 10 % reserve and pay.
They arrive evenly and do not wait for each other's answers; latency counts from the moment they were due.

  rps      arrivals per second, above 0 and up to ${MOST_RPS}; default 5
  seconds  how long, above 0 and up to ${MOST_SECONDS}; default 60

Load
  --profile P         rates over time, instead of rps and seconds: ramp:5..500/60s, steps:50,100,200/20s, 100/60s,
                      or several joined by +
  --users N           N users who wait for each answer and think before they go on, instead of rps
  --think A..B        how long users think, default 0.5s..2s; one value for always the same
  --spawn-rate N      users who come in a second until all are there; default all within 10 s
  --duration D        how long, such as 500ms, 90s, 5m or 1h; instead of seconds
  --scenario S        ${SCENARIO_NAMES.join(', ')}; default mix
  --events 1,2,…      events whose seats are reserved; default 1,2,3,4,5
  --seed N            makes the choices of the buyers repeat
  --release           buyers who only reserve give their seat back, in a request more; always so with --until-breaks
  --refill            npm run refill before the load, and before each step of --until-breaks: ${REFILL_SEATS} seats are
                      free in each of the course's events; their database is named as for that command
  --until-breaks      raises rps, or users, from step to step until more than 0.5 % are 5xx or lost, or p99 is above
                      500 ms, and says where the knee is; where over 1 % of the reserves are sold out it does not say so
  --step D            how long each step of it takes, default 10s

Results
  --slo 'error_rate<0.5%,p99<500ms'
                      exit code 1 when one is broken: error_rate (as in the last line), 5xx_rate, p50, p90, p99, p99.9,
                      max, rate; with < or >, in %, ms, s or /s
  --out FILE.html     one page with plots of rate, latency and errors over time; FILE.svg: the first two as an image
  --json FILE         all figures
  --metrics-port N    Prometheus reads them at http://localhost:N/metrics while it runs

  --url URL           where the gateway is; default GATEWAY_URL, or http://localhost:3080

Every 10 s and at the end a line says what came of the buyers. An event without enough seats (409) counts as sold_out
and not as a failure. Ctrl-C ends it early, with the summary of what was answered.
Exit codes: 0, 1 an objective is broken, 2 a bad argument, 3 no knee because seats were sold out, 130 after Ctrl-C.`

export function readOptions(args: string[], { GATEWAY_URL }: NodeJS.ProcessEnv): Options | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length > 2)
    throw new InvalidArgument(`unexpected argument "${positionals[2]}"; --help shows the usage`)
  refuseTogether(values, positionals)

  const gatewayUrl = values.url
    ? readUrl('--url', values.url)
    : readUrl('GATEWAY_URL', GATEWAY_URL || 'http://localhost:3080')
  const shape = readShape(values, positionals)
  const untilBreaks = values['until-breaks'] ? readSearch(values, positionals, shape) : undefined
  return {
    gatewayUrl,
    shape,
    untilBreaks,
    scenario: readChoice('--scenario', values.scenario ?? 'mix', SCENARIO_NAMES),
    eventIds: (values.events ?? '1,2,3,4,5')
      .split(',')
      .map((id) => readInteger('--events', id.trim(), 1, 2 ** 31 - 1)),
    seed:
      values.seed === undefined
        ? Math.floor(Math.random() * 2 ** 32)
        : readInteger('--seed', values.seed, 0, 2 ** 32 - 1),
    release: values.release ?? untilBreaks !== undefined,
    refill: values.refill ?? false,
    slo: values.slo === undefined ? [] : parseSlo(values.slo),
    outFile: values.out,
    jsonFile: values.json,
    metricsPort:
      values['metrics-port'] === undefined
        ? undefined
        : readInteger('--metrics-port', values['metrics-port'], 0, 65_535),
    described: describe(shape, untilBreaks, gatewayUrl, values.profile),
    plain: Object.keys(values).every((name) => name === 'url'),
  }
}

type Values = ReturnType<typeof parse>['values']

function parse(args: string[]) {
  try {
    return parseArgs({ args: args.map(asPositional), options: FLAGS, allowPositionals: true })
  } catch (error) {
    const [, sentence = ''] = /^(.*?)(?:\. |$)/s.exec((error as Error).message) ?? []
    throw new InvalidArgument(`${sentence.replaceAll('\n', ' ')}; --help shows the usage`)
  }

  /** -1 is a bad number and no option. */
  function asPositional(arg: string): string {
    return /^-\d/.test(arg) ? ` ${arg}` : arg
  }
}

function refuseTogether(values: Values, positionals: string[]): void {
  const given = [
    positionals[0] !== undefined && 'rps',
    values.profile !== undefined && '--profile',
    values.users !== undefined && '--users',
  ].filter((name) => name !== false)
  if (given.length > 1)
    throw new InvalidArgument(`${given.join(' and ')} exclude each other: each says how many come`)
  if (values.profile !== undefined && values['until-breaks'])
    throw new InvalidArgument(
      '--profile and --until-breaks exclude each other: each says how the load changes',
    )
  for (const name of ['duration', 'step'] as const) {
    const other =
      name === 'duration'
        ? (positionals[1] !== undefined && 'seconds') || (values.profile !== undefined && '--profile')
        : false
    if (values[name] !== undefined && other)
      throw new InvalidArgument(`--${name} and ${other} exclude each other: each says how long`)
  }
  if (values.step !== undefined && !values['until-breaks'])
    throw new InvalidArgument('--step needs --until-breaks')
  for (const name of ['think', 'spawn-rate'] as const)
    if (values[name] !== undefined && values.users === undefined)
      throw new InvalidArgument(`--${name} needs --users`)
}

function readShape(values: Values, [rps, seconds]: string[]): Shape {
  if (values.profile !== undefined) return { profile: parseProfile(values.profile) }
  const duration =
    values.duration === undefined
      ? readSeconds('seconds', (seconds ?? '60').trim())
      : readDuration('--duration', values.duration)
  if (values.users === undefined) return { profile: constant(readRate('rps', (rps ?? '5').trim()), duration) }
  const count = readInteger('--users', values.users, 1, MOST_USERS)
  const spawnRate =
    values['spawn-rate'] === undefined
      ? Math.max(count / 10, 1)
      : readRate('--spawn-rate', values['spawn-rate'])
  return { users: { count, spawnRate, think: readThink(values.think ?? '0.5s..2s') }, seconds: duration }
}

function readThink(text: string): { least: number; most: number } {
  const [least = '', most = least, more] = text.split('..')
  const read = (part: string) => (/^0(ms|s)?$/.test(part) ? 0 : readDuration('--think', part))
  const think = { least: read(least), most: read(most) }
  if (more === undefined && think.least <= think.most) return think
  throw new InvalidArgument(`--think is "${text}"; it has to look like 0.5s..2s or 1s`)
}

function readSearch(values: Values, [rps]: string[], shape: Shape): Options['untilBreaks'] {
  const from = 'users' in shape ? shape.users.count : rps === undefined ? 50 : readRate('rps', rps.trim())
  return {
    from,
    stepSeconds: values.step === undefined ? DEFAULT_STEP_S : readDuration('--step', values.step),
  }
}

function describe(
  shape: Shape,
  untilBreaks: Options['untilBreaks'],
  gatewayUrl: string,
  profile: string | undefined,
): string {
  const unit = 'users' in shape ? 'users' : 'requests/s'
  if (untilBreaks)
    return `${untilBreaks.from} ${unit} and more to ${gatewayUrl}, ${untilBreaks.stepSeconds} s each, until it breaks`
  if ('users' in shape) return `${shape.users.count} users to ${gatewayUrl} for ${shape.seconds} s`
  const rate = profile ?? `${shape.profile[0]?.from} requests/s`
  return `${rate} to ${gatewayUrl} for ${secondsOf(shape.profile)} s`
}
