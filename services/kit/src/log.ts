import { pino } from 'pino'

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
 * JSON lines with time, level, service and msg. Lines are written in the background and in order: `flushLog` before the
 * process ends. With `sync`, a line is written before the call returns, so that a killed process has not lost it.
 */
export function createLog(service: string, level: string, { sync = false } = {}): Log {
  // every line is at least this long, and with 0 a flush would not wait
  return createLogTo(pino.destination({ dest: 1, sync, minLength: 1 }), service, level)
}

/** The same, written to a stream. */
export function createLogTo(stream: pino.DestinationStream, service: string, level: string): Log {
  const linesByLevel: Record<LevelName, number> = { DEBUG: 0, INFO: 0, WARNING: 0, ERROR: 0 }
  const log = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
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

/** Writes out what is still in memory. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()))
}
