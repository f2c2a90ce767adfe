import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

interface CommandLine<O extends Options> {
  /** as users type it, such as `npm run audit --` */
  command: string
  /** what `--help` prints */
  usage: string
  /** as `parseArgs` of node:util takes them; `--help` and `-h` are added */
  options: O
  /** by default not allowed */
  allowPositionals?: boolean
  /** by default those of this process */
  args?: string[]
  /** called with that line before the process ends, for programs whose output is JSON */
  onMistake?(line: string): void
}

const HELP = { help: { type: 'boolean', short: 'h' } } as const

type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>

/**
 * Reads the arguments of a command. Ends the process with 0 after `--help`, and with 2 and one line on standard error when the
 * arguments are wrong.
 *
 * @param read checks the values; the message of an Error that it throws is that line
 */
export function readCommandLine<O extends Options, Result>(
  {
    command,
    usage,
    options,
    allowPositionals = false,
    args = process.argv.slice(2),
    onMistake,
  }: CommandLine<O>,
  read: (parsed: Parsed<O>) => Result,
): Result {
  try {
    const parsed = parseArgs({ args, allowPositionals, options: { ...options, ...HELP } })
    const { help } = parsed.values as { help?: boolean }
    if (help !== true) return read(parsed as Parsed<O>)
  } catch (error) {
    // Node.js continues with advice for programmers after the first sentence
    const [sentence] = (error as Error).message.split(/[.] |\n/, 1)
    const line = `${sentence}; ${command} --help says more`
    onMistake?.(line)
    console.error(line)
    process.exit(2)
  }
  console.log(usage)
  process.exit(0)
}
