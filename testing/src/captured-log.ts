import { createLogTo, type Log } from '@quickticket/kit/log'
import { collectLines, type LogLines } from './log-lines.ts'

/** A log in memory. */
export function captureLog(level = 'info', service = 'test'): LogLines & { log: Log } {
  const lines = collectLines()
  return { ...lines, log: createLogTo(lines, service, level) }
}
