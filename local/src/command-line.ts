import { parseArgs } from 'node:util'
import { COMMANDS, type CommandSpec, isOneOf, LEVELS, OPTIONS, type OptionName } from './commands.ts'
import { nearest } from './did-you-mean.ts'

export type Command = {
  spec: CommandSpec
  /** undefined: the whole system */
  first: string | undefined
  variables: Record<string, string>
  /** undefined: none are given; empty: all end */
  faults: string | undefined
  json: boolean
  follow: boolean
  level: (typeof LEVELS)[number]
  lines: number
}

const MOST_LINES = 100_000

/** @returns undefined when help is asked for. @throws Error whose first sentence says what is wrong */
export function readCommand(args: string[]): Command | undefined {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS })
  const [name, ...given] = positionals
  if (values.help || name === undefined || name === 'help') return undefined
  const spec = COMMANDS.find((known) => known.name === name)
  if (!spec)
    throw new Error(
      `there is no command ${name}${meant(
        name,
        COMMANDS.map(({ name }) => name),
      )}`,
    )
  refuseOptions(spec, values)
  const first = readFirst(spec, given)
  const rest = first === undefined ? given : given.slice(1)
  return {
    spec,
    first,
    variables: Object.fromEntries(spec.rest === 'variables' ? rest.map(readAssignment) : []),
    faults: spec.rest === 'faults' ? readRules(first, rest) : undefined,
    json: values.json ?? false,
    follow: values.follow ?? false,
    level: readLevel(values.level),
    lines: readLines(values.lines),
  }
}

function refuseOptions({ name, options = [] }: CommandSpec, values: object): void {
  for (const option of Object.keys(values)) {
    if (option === 'json' || isOneOf(options, option as OptionName)) continue
    throw new Error(`${name} takes no --${option}`)
  }
}

function readFirst({ name, first, firstIsNeeded, rest }: CommandSpec, given: string[]): string | undefined {
  const [word] = given
  if (word === undefined) {
    if (firstIsNeeded) throw new Error(`${name} what? One of ${first.join(', ')}`)
    return undefined
  }
  if (first.length === 0) throw new Error(`${name} is for the whole system and takes nothing more`)
  if (!first.includes(word)) {
    // rules that are for all services
    if (rest === 'faults' && word.includes(' ')) return undefined
    const kind = name === 'completion' ? 'shell' : 'component'
    throw new Error(`there is no ${kind} ${word}, only ${first.join(', ')}${meant(word, first)}`)
  }
  if (given.length > 1 && rest === undefined) throw new Error(`${name} takes no variables, and one name only`)
  return word
}

/** Rules that the shell has taken apart are put together again. */
function readRules(first: string | undefined, rest: string[]): string | undefined {
  const text = rest.join(' ')
  if (first === 'none' || text === 'none') return ''
  return text === '' ? undefined : text
}

function readAssignment(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new Error(`${text} is not NAME=value`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function readLevel(text = 'debug'): (typeof LEVELS)[number] {
  const level = text.toLowerCase() === 'warn' ? 'warning' : text.toLowerCase()
  if (isOneOf(LEVELS, level)) return level
  throw new Error(`--level ${text} must be one of ${LEVELS.join(', ')}`)
}

function readLines(text = '100'): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= MOST_LINES) return Number(text)
  throw new Error(`--lines ${text} must be a whole number from 0 to ${MOST_LINES}`)
}

function meant(word: string, known: readonly string[]): string {
  const name = nearest(word, known)
  return name ? `: did you mean ${name}?` : ''
}
