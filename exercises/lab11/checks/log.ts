import { createLogTo } from '@quickticket/kit/log'

/** A log, and its lines so far. */
export function rememberLog() {
  const written: string[] = []
  return {
    log: createLogTo({ write: (line) => void written.push(line) }, 'check', 'info'),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}
