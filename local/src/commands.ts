import { COMPONENTS, SERVICES } from './components.ts'
import type { Verb } from './control-protocol.ts'

export type CommandName = Verb | 'status' | 'faults' | 'refill' | 'logs' | 'open' | 'down' | 'completion'

export type CommandSpec = {
  name: CommandName
  /** as in the help */
  takes: string
  summary: string
  /** words that its first argument may be */
  first: readonly string[]
  firstIsNeeded?: boolean
  /** what follows: NAME=value of that service, or the rules of docs/faults.md */
  rest?: 'variables' | 'faults'
  options?: readonly OptionName[]
}

export type OptionName = 'follow' | 'level' | 'lines'

export const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  follow: { type: 'boolean', short: 'f' },
  level: { type: 'string' },
  lines: { type: 'string', short: 'n' },
} as const

export const LEVELS = ['debug', 'info', 'warning', 'error'] as const
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** Whose lines are kept in files of their own. */
export const LOGS = [...SERVICES, 'migrations', 'redis', 'postgres'] as const

const ONE = { takes: '<component>', first: COMPONENTS, firstIsNeeded: true }

/** All there is: the help, the reading of arguments and the completion of shells are made from it. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'status',
    takes: '',
    summary: 'what runs where, what is stopped, which faults are injected',
    first: [],
  },
  { ...ONE, name: 'stop', summary: 'ask it to end, and wait (SIGTERM)' },
  { ...ONE, name: 'kill', summary: 'end it at once (SIGKILL)' },
  {
    ...ONE,
    name: 'start',
    takes: '<component> [NAME=value…]',
    summary: 'start it again, and wait until it answers',
    rest: 'variables',
  },
  {
    ...ONE,
    name: 'restart',
    takes: '<component> [NAME=value…]',
    summary: 'stop, then start',
    rest: 'variables',
  },
  { ...ONE, name: 'pause', summary: 'freeze it: it is there, but does not answer (SIGSTOP)' },
  { ...ONE, name: 'resume', summary: 'let it go on (SIGCONT)' },
  {
    name: 'faults',
    takes: '[service] [RULES|none]',
    summary: 'show what is injected, or change it while it runs',
    first: [...SERVICES, 'none'],
    rest: 'faults',
  },
  {
    name: 'logs',
    takes: '[component] [-f]',
    summary: 'what was logged; -f goes on, --level LEVEL, -n LINES',
    first: LOGS,
    options: ['follow', 'level', 'lines'],
  },
  { name: 'open', takes: '', summary: 'the API in the browser', first: [] },
  { name: 'refill', takes: '', summary: 'seats of the five events are free again, after a load', first: [] },
  { name: 'down', takes: '', summary: 'stop the whole system', first: [] },
  {
    name: 'completion',
    takes: SHELLS.join('|'),
    summary: 'a script that completes all this in your shell',
    first: SHELLS,
    firstIsNeeded: true,
  },
]

export function isOneOf<T extends string>(known: readonly T[], name: string): name is T {
  return (known as readonly string[]).includes(name)
}
