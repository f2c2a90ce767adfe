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
 * JSON lines with time, level, service and msg. Lines are written in the background and in order; `flushLog` before
 * the process ends.
 *
 * @param stream where lines go; standard output unless told
 */
export function createLog(service: string, level: string, stream: pino.DestinationStream = stdout()): Log {
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

function stdout() {
  return pino.destination({ dest: 1, sync: false, minLength: 0 })
}
