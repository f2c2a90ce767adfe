import { pino } from 'pino'
import { openStdout } from './stdout.ts'

type LevelName = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'

const LEVELS: Record<string, LevelName> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'ERROR',
}

export type Log = pino.Logger & {
  /** lines written so far, by the name of their level; children count into those of their parent */
  readonly linesByLevel: Readonly<Record<LevelName, number>>
}

const NAME_OF_NUMBER: Record<number, LevelName> = Object.fromEntries(
  Object.entries(pino.levels.labels).map(([number, label]) => [number, LEVELS[label] ?? 'INFO']),
)

/**
 * JSON lines with time, level, service and msg. Lines are written in the background, in order and within some
 * milliseconds: `flushLog` before the process ends. With `sync`, a line is written before the call returns, so that a
 * killed process has not lost it.
 */
export function createLog(service: string, level: string, { sync = false } = {}): Log {
  const stdout = openStdout(service, sync, (lost_lines) =>
    log.warn({ lost_lines }, 'the log was not written for a while'),
  )
  const log = createLogTo(sync ? stdout : gatherLines(stdout), service, level)
  return log
}

const GATHER_MS = 5

/** Writes the lines of some milliseconds together: waking a thread for each costs more than the line itself. */
function gatherLines(stdout: ReturnType<typeof openStdout>) {
  let lines = ''

  function writeOut(): void {
    if (lines === '') return
    process.off('exit', writeNow)
    stdout.write(lines)
    lines = ''
  }

  function writeNow(): void {
    writeOut()
    stdout.flushSync()
  }

  return {
    write(line: string): void {
      if (lines === '') {
        setTimeout(writeOut, GATHER_MS)
        process.once('exit', writeNow)
      }
      lines += line
    },
    flush(done: (error?: Error | null) => void): void {
      writeOut()
      stdout.flush(done)
    },
  }
}

/** The same, written to a stream. */
export function createLogTo(stream: pino.DestinationStream, service: string, level: string): Log {
  const linesByLevel: Record<LevelName, number> = { DEBUG: 0, INFO: 0, WARNING: 0, ERROR: 0 }
  const log = pino(
    {
      level,
      base: { service },
      timestamp: isoTime,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: LEVELS[label] ?? 'INFO' }) },
      hooks: {
        logMethod(args, method, level) {
          linesByLevel[NAME_OF_NUMBER[level] ?? 'INFO']++
          method.apply(this, args)
        },
      },
    },
    stream,
  )
  return Object.assign(log, { linesByLevel })
}

/** `,"time":"2026-11-21T19:18:54.123Z"`; the same as pino's own, but only the milliseconds are put together anew. */
function isoTime(): string {
  const now = Date.now()
  if (now < secondBegan || now >= secondBegan + 1000) {
    secondBegan = Math.floor(now / 1000) * 1000
    secondText = `,"time":"${new Date(secondBegan).toISOString().slice(0, -4)}`
  }
  return `${secondText}${String(now - secondBegan).padStart(3, '0')}Z"`
}

let secondBegan = 0
let secondText = ''

/** Writes out what is still in memory. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()))
}
