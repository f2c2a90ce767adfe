import pretty from 'pino-pretty'

/** In the message already, or of no use to people. */
const LEFT_OUT = 'pid,hostname,service,method,path,route,status,duration_ms,trace_id'
const LEVEL_COLORS: Record<string, 'green' | 'yellow' | 'red' | 'gray'> = {
  DEBUG: 'gray',
  INFO: 'green',
  WARNING: 'yellow',
  ERROR: 'red',
}

/** Log lines for people. What is not JSON passes as it is, with its origin in front. */
export function createPretty(colorize: boolean): (name: string, lines: string) => string {
  const format = pretty.prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    customColors: 'message:reset',
    ignore: LEFT_OUT,
    errorLikeObjectKeys: ['err'],
    customPrettifiers: {
      level: (level, _key, _log, { colors }) => {
        const name = String(level)
        return colors[LEVEL_COLORS[name] ?? 'white'](name.padEnd(7))
      },
    },
    messageFormat: (log, _key, _level, { colors }) => {
      const { service, msg, status, duration_ms: duration } = log
      const outcome = status === undefined ? '' : ` ${status} ${colors.gray(`${duration} ms`)}`
      return `${colors.cyan(String(service).padEnd(13))} ${printable(String(msg))}${outcome}`
    },
  })
  return (name, lines) =>
    lines
      .trimEnd()
      .split('\n')
      .map((line) => (line.startsWith('{') ? format(line) : `${name.padEnd(13)} ${line}\n`))
      .join('')
}

/** What comes from a request must not be able to drive the terminal. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
