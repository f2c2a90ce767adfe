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

export interface Log extends pino.Logger {
  /** lines written so far, by the name of their level; lines of child loggers count too */
  readonly linesByLevel: Readonly<Record<LevelName, number>>
}

const nameOf = (level: number): LevelName => LEVELS[pino.levels.labels[level] ?? ''] ?? 'INFO'

/**
 * JSON lines with time, level, service and msg. Lines are written in the background, in order and within some
 * milliseconds: `flushLog` before the process ends. With `sync`, a line is written before the call returns, so that a
 * killed process has not lost it.
 */
export function createLog(service: string, level: string, { sync = false } = {}): Log {
  const stdout = openStdout(service, sync, (lost_lines) =>
    log.warn({ lost_lines }, 'the log was not written for a while'),
  )
  const log = createLogTo(stdout, service, level)
  return log
}

/** The same, written to a stream. */
export function createLogTo(stream: pino.DestinationStream, service: string, level: string): Log {
  const linesByLevel: Record<LevelName, number> = { DEBUG: 0, INFO: 0, WARNING: 0, ERROR: 0 }
  const log = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (_label, level) => ({ level: nameOf(level) }) },
      hooks: {
        logMethod(args, method, level) {
          linesByLevel[nameOf(level)]++
          method.apply(this, args)
        },
      },
    },
    stream,
  )
  return Object.assign(log, { linesByLevel })
}

/** Writes out what is still in memory. */
export async function flushLog(log: Log): Promise<void> {
  const flush = () => new Promise<void>((resolve) => log.flush(() => resolve()))
  await flush()
  // the first flush ends as soon as no more than the destination's minLength is left
  await flush()
}
