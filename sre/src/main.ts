import { readCommandLine } from '@quickticket/kit/command-line'
import { type Context, createContext } from './context.ts'
import { type Answer, CannotTell, UsageError, type Verb } from './verb.ts'
import { VERBS } from './verbs.ts'

const COMMAND = 'npm run sre --'

const width = Math.max(...Object.keys(VERBS).map((name) => name.length))
const USAGE = `${COMMAND} VERB [ARGUMENTS]

Answers questions about the reliability of a running system, from its own measurements.

${Object.entries(VERBS)
  .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  .join('\n')}

${COMMAND} VERB --help says more about one. Exit codes: 0 yes or done, 1 the answer is no, 2 the answer could not be found out
or the arguments are wrong.

Where it looks, and what each variable is without a value:
  PROMETHEUS_URL    http://localhost:9090
  ALERTMANAGER_URL  http://localhost:9093
  GATEWAY_URL       http://localhost:3080
  SRE_SYSTEM        compose; where the services run: compose, cluster or local
  SRE_DATA_DIR      .quickticket/sre; the directory of its database`

const COMMON = { json: { type: 'boolean' } } as const
const COMMON_USAGE = [
  ['--json', 'the same as JSON'],
  ['-h, --help', 'this text'],
] as const

const given = process.argv.slice(2)
const [name = '', ...args] = given
if (name === '' || name.startsWith('-')) {
  const shown = given.length === 0 ? ['--help'] : given
  readCommandLine({ command: COMMAND, usage: USAGE, options: {}, args: shown }, () => undefined)
}
const json = args.includes('--json')
const entry = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
// full disk: the answer was not given. A reader that has seen enough has not changed it.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) =>
  process.exit(code === 'EPIPE' ? (process.exitCode ?? 0) : 2),
)
if (entry) await runVerb(name, (await entry.load()).verb)
else fail(new UsageError(`"${name}" is no verb: ${Object.keys(VERBS).join(', ')}`), COMMAND)

async function runVerb(name: string, { usage, options, run }: Verb): Promise<void> {
  const command = `${COMMAND} ${name}`
  const { values, positionals } = readCommandLine(
    {
      command,
      usage: withCommon(usage),
      options: { ...options, ...COMMON },
      allowPositionals: true,
      args,
      onMistake: printError,
    },
    (parsed) => parsed,
  )
  let context: Context | undefined
  try {
    context = createContext(process.env, { colors: process.stdout.isTTY === true && !json })
    print(await run(context, { values, positionals }))
  } catch (error) {
    fail(error as Error, command)
  } finally {
    context?.close()
  }
}

/** Also for a mistake of the program: 1 would be an answer. */
function fail(error: Error, command: string): void {
  process.exitCode = 2
  printError(error.message)
  if (error instanceof UsageError) console.error(`${error.message}; ${command} --help says more`)
  else console.error(error instanceof CannotTell ? error.message : error)
}

function printError(message: string): void {
  if (json) console.log(JSON.stringify({ error: message }))
}

/** In the columns of the verb's own options. */
function withCommon(usage: string): string {
  const column = /^ {2}--\w[\w-]*(?: \S+)? {2,}/m.exec(usage)?.[0].length
  const lines = COMMON_USAGE.map(([option, text]) => `  ${option}`.padEnd(column ?? 16) + text)
  return [usage, ...(column === undefined ? [''] : []), ...lines].join('\n')
}

function print({ ok, unknown = false, text, json: answer }: Answer): void {
  // first, because writing may end the process
  if (unknown) process.exitCode = 2
  else if (!ok) process.exitCode = 1
  if (json) console.log(JSON.stringify(answer, undefined, 2))
  else if (text !== '') console.log(text)
}
