import pretty from 'pino-pretty'

/** In the message already, or of no use to people. */
const LEFT_OUT = new Set(
  'level,time,pid,hostname,service,msg,method,path,route,status,duration_ms,trace_id,request_id,err,ledger,key'.split(
    ',',
  ),
)
const LEVEL_COLORS: Record<string, 'green' | 'yellow' | 'red' | 'gray'> = {
  DEBUG: 'gray',
  INFO: 'green',
  WARNING: 'yellow',
  ERROR: 'red',
}
const TIME_AND_LEVEL_COLUMNS = 23
const NAME_COLUMNS = 13
const ID_LETTERS = 8

/**
 * Log lines for people: each fits into the columns of the terminal, with the beginning of an id in place of all of it.
 * What is not JSON passes as it is, with its origin in front.
 */
export function createPretty(colorize: boolean, columns = 120): (name: string, lines: string) => string {
  const problems = rememberProblems()
  const format = pretty.prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    customColors: 'message:reset',
    customPrettifiers: {
      level: (level, _key, _log, { colors }) => {
        const name = String(level)
        return colors[LEVEL_COLORS[name] ?? 'white'](name.padEnd(7))
      },
    },
    messageFormat: (log, _key, _level, { colors }) => {
      const { service, status, duration_ms: duration } = log
      const outcome = status === undefined ? '' : ` ${status} ${duration} ms`
      const problem = status === undefined ? '' : problems.take(log)
      const message = `${printable(shortIds(String(log.msg)))}${reason(log)}${outcome}${problem}`
      const room = columns - TIME_AND_LEVEL_COLUMNS - NAME_COLUMNS - 2
      // room for the id, which leads to the other lines of a request
      const most = room - (log.request_id === undefined ? 0 : ID_LETTERS + ' id='.length)
      const said = message.length > most ? `${message.slice(0, most - 1)}…` : message
      const rest = fitting(details(log), room - said.length - 1)
      return `${colors.cyan(String(service).padEnd(NAME_COLUMNS))} ${said}${rest && ` ${colors.gray(rest)}`}`
    },
  })
  return (name, lines) =>
    lines
      .trimEnd()
      .split('\n')
      .filter((line) => !problems.keep(line))
      .map((line) => (line.startsWith('{') ? format(line) : `${name.padEnd(NAME_COLUMNS)} ${line}\n`))
      .join('')
}

type Entry = Record<string, unknown>

const MOST_PROBLEMS = 1000

/** Why a request failed is told in the line of the request, which always follows. */
function rememberProblems() {
  const texts = new Map<string, string>()
  const keyOf = ({ service, request_id: id }: Entry) => `${service} ${id}`

  return {
    keep(line: string): boolean {
      if (!line.includes('"level":"ERROR"') || !line.includes('"error":"')) return false
      const entry = parse(line)
      if (typeof entry.error !== 'string' || !entry.request_id || entry.status !== undefined) return false
      if (texts.size >= MOST_PROBLEMS) texts.clear()
      texts.set(keyOf(entry), reason(entry) || `: ${printable(String(entry.msg))}`)
      return true
    },
    take(entry: Entry): string {
      const text = texts.get(keyOf(entry)) ?? ''
      texts.delete(keyOf(entry))
      return text
    },
  }
}

function parse(line: string): Entry {
  try {
    return JSON.parse(line)
  } catch {
    // a line that is not JSON is printed as it is
    return {}
  }
}

/** Where in a program it went wrong is in the files. */
function reason({ err }: { err?: unknown }): string {
  const { message } = (err ?? {}) as { message?: string }
  return message ? `: ${printable(shortIds(message))}` : ''
}

/** NAME=value, the id first. */
function details(log: Entry): string[] {
  const id = log.request_id === undefined ? [] : [`id=${String(log.request_id).slice(0, ID_LETTERS)}`]
  const others = Object.entries(log)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return [...id, ...others].map((text) => printable(shortIds(text)))
}

function fitting(texts: string[], room: number): string {
  let line = ''
  for (const text of texts) {
    const longer = line === '' ? text : `${line} ${text}`
    if (longer.length <= room) line = longer
  }
  return line
}

const UUID = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g

function shortIds(text: string): string {
  return text.replace(UUID, '$1…')
}

/** What comes from a request must not be able to drive the terminal. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
