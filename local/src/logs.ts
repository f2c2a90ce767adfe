import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LEVELS } from './commands.ts'
import { SERVICES } from './components.ts'
import { logsDir } from './data-dir.ts'
import { createPretty } from './pretty.ts'

export type LogOptions = {
  /** undefined: the services */
  first: string | undefined
  follow: boolean
  level: (typeof LEVELS)[number]
  /** how many of the last lines */
  lines: number
  json: boolean
}

type Line = { name: string; text: string }

const LOOK_EVERY_MS = 200
/** Of the end of a file, in bytes: more is for grep. */
const MOST_BYTES = 32 * 1024 * 1024

/** Writes what was logged to standard output, in the order of time; with `follow` it does not end. */
export async function showLogs(dataDir: string, options: LogOptions): Promise<void> {
  const names = options.first ? [options.first] : [...SERVICES]
  const files = names.map((name) => createReader(name, join(logsDir(dataDir), `${name}.log`)))
  if (!files.some(({ exists }) => exists()) && !options.follow) {
    throw new Error(`there is no log of ${names.join(', ')} in ${logsDir(dataDir)}: npm start writes it`)
  }
  const write = createWriter(options)
  const read = () => files.flatMap((file) => file.readNew()).filter(isAtLeast(options.level))
  write(byTime(read()).slice(-options.lines || Number.POSITIVE_INFINITY))
  while (options.follow) {
    await delay(LOOK_EVERY_MS)
    write(byTime(read()))
  }
}

function createReader(name: string, path: string) {
  let inode = 0
  let offset = 0
  let rest = ''

  return {
    exists: () => existsSync(path),
    /** Whole lines that were written since the last time. */
    readNew(): Line[] {
      const found = statSync(path, { throwIfNoEntry: false })
      if (!found) return []
      // the next start begins a new file
      if (found.ino !== inode || found.size < offset) offset = Math.max(0, found.size - MOST_BYTES)
      inode = found.ino
      const text = rest + readFrom(path, offset, found.size)
      offset = found.size
      const lines = text.split('\n')
      rest = lines.pop() ?? ''
      return lines.filter((line) => line !== '').map((line) => ({ name, text: line }))
    },
  }
}

function readFrom(path: string, start: number, end: number): string {
  const buffer = Buffer.alloc(end - start)
  const file = openSync(path, 'r')
  try {
    readSync(file, buffer, 0, buffer.length, start)
  } finally {
    closeSync(file)
  }
  return buffer.toString()
}

function createWriter({ json }: LogOptions): (lines: Line[]) => void {
  const { stdout } = process
  const asJson = json || !stdout.isTTY
  const pretty = createPretty(stdout.hasColors?.() ?? false, stdout.columns)
  return (lines) => {
    for (const { name, text } of lines) stdout.write(asJson ? `${text}\n` : pretty(name, text))
  }
}

/** Lines of PostgreSQL and Redis have no level, and are as they come. */
function isAtLeast(least: (typeof LEVELS)[number]): (line: Line) => boolean {
  const wanted = LEVELS.slice(LEVELS.indexOf(least)).map((level) => `"level":"${level.toUpperCase()}"`)
  return ({ text }) => !text.startsWith('{') || wanted.some((level) => text.includes(level))
}

function byTime(lines: Line[]): Line[] {
  const timeOf = ({ text }: Line) => /"time":"([^"]+)"/.exec(text)?.[1] ?? ''
  const timed = lines.map((line) => ({ line, time: timeOf(line) }))
  // what has no time, a stack, stays behind the line before it
  for (const [index, entry] of timed.entries()) entry.time ||= timed[index - 1]?.time ?? ''
  return timed
    .toSorted((one, other) => (one.time < other.time ? -1 : Number(one.time > other.time)))
    .map(({ line }) => line)
}
