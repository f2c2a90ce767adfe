import { writeSync } from 'node:fs'
import { pino } from 'pino'

/** Lines that wait for stdout to take them, in bytes. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/**
 * Stdout for lines. A disk that is full, or a reader that reads no more, does not end the process: up to 4 MiB of lines wait, and
 * those on top are lost. It is said on stderr when it begins.
 *
 * @param recovered called when all that waited is written, with the number of lines that are lost
 */
export function openStdout(service: string, sync: boolean, recovered: (lostLines: number) => void) {
  // every line is at least this long, and with 0 a flush would not wait
  const stdout = pino.destination({ dest: 1, sync, minLength: 1, maxLength: MAX_WAITING_BYTES })
  let isBehind = false
  let isBroken = false
  let lostLines = 0

  function fallBehind(reason: string): void {
    if (isBehind) return
    isBehind = true
    say(`${service}: the log cannot be written (${reason}), the service goes on\n`)
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
  // at the end of the process: it would try again for ever
  stdout.flushSync = () => {
    if (!isBroken) flushSync()
  }
  return stdout
}

/** Stderr may be on the same disk. */
function say(text: string): void {
  try {
    writeSync(2, text)
  } catch {}
}
