import { createLogTo, type Log } from '@quickticket/kit/log'
import { collectLines, type LogLines } from '@quickticket/testing/log-lines'

/** A log that a test can wait on. */
export function watchedLog(): { log: Log; lines: LogLines } {
  const lines = collectLines()
  return { log: createLogTo({ write: lines.write }, 'test', 'info'), lines }
}
