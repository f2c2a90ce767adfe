import { writeSync } from 'node:fs'
import { pino } from 'pino'

/** A full buffer is written at once, a smaller one at the next flush. */
const BUFFER_BYTES = 4096
const FLUSH_INTERVAL_MS = 50

/** Of all lines that wait to be written. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/**
 * Stdout for log lines. A full disk, or a reader that stops reading, does not end the process: up to 4 MiB of lines wait, and
 * further lines are lost. A message on stderr reports the beginning.
 *
 * @param recovered called when the waiting lines are written, with the number of lost lines
 */
export function openStdout(service: string, sync: boolean, recovered: (lostLines: number) => void) {
  const buffering = sync ? {} : { minLength: BUFFER_BYTES, periodicFlush: FLUSH_INTERVAL_MS }
  const stdout = pino.destination({ dest: 1, sync, maxLength: MAX_WAITING_BYTES, ...buffering })
  let isBehind = false
  let isBroken = false
  let lostLines = 0

  function fallBehind(reason: string): void {
    if (isBehind) return
    isBehind = true
    report(`${service}: the log cannot be written (${reason}), the service goes on\n`)
    stdout.once('drain', () => {
      const lost = lostLines
      isBehind = isBroken = false
      lostLines = 0
      recovered(lost)
    })
  }

  stdout.on('error', (error: NodeJS.ErrnoException) => {
    isBroken = true
    fallBehind(error.code ?? error.message)
  })
  stdout.on('drop', (lines: string) => {
    lostLines += lines.split('\n').length - 1
    fallBehind('it is not read')
  })
  const flushSync = stdout.flushSync.bind(stdout)
  // sonic-boom would retry a failed write without end and keep the process from exiting
  stdout.flushSync = () => {
    if (!isBroken) flushSync()
  }
  return stdout
}

function report(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // stderr may be on the same full disk
  }
}
