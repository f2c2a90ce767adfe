import { pino } from 'pino'

const LEVELS: Record<string, string> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'ERROR',
}

export type Log = pino.Logger

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
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: LEVELS[label] ?? 'INFO' }) },
    },
    stream,
  )
}

/** Writes out what is still in memory. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()))
}
