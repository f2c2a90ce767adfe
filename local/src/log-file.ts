import { createWriteStream, fstatSync, mkdirSync, openSync, readSync, type WriteStream } from 'node:fs'
import { basename, dirname } from 'node:path'

export type LogFile = {
  write(lines: Buffer): void
  close(): Promise<void>
}

/** Limits the runner's memory when the disk stalls. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024
const NEWLINE = 10

/**
 * A file for log lines. A full disk costs lines and nothing else: `say` is told once when lines are lost, and once when
 * they are kept again.
 *
 * @param retryMs between two attempts on a file that could not be written
 */
export function openLogFile(path: string, say: (text: string) => void, retryMs = 1000): LogFile {
  const name = basename(path)
  let failedAt: number | undefined
  let lostLines = 0
  let stream = open()

  function open(): WriteStream | undefined {
    try {
      mkdirSync(dirname(path), { recursive: true })
      const file = openSync(path, 'a+')
      const opened = createWriteStream(path, { fd: file })
      opened.on('error', (error: NodeJS.ErrnoException) => {
        stream = undefined
        noteFailure(error)
      })
      if (endsWithinLine(file)) opened.write(Buffer.of(NEWLINE))
      return opened
    } catch (error) {
      noteFailure(error as NodeJS.ErrnoException)
      return undefined
    }
  }

  function noteFailure({ code }: NodeJS.ErrnoException) {
    if (failedAt === undefined) {
      say(
        `${name} cannot be written (${code}): its lines are shown, but not kept until it can be written again`,
      )
    }
    failedAt = performance.now()
  }

  function noteSuccess() {
    if (failedAt === undefined) return
    say(`${name} is written again; ${lostLines} of its lines were not kept`)
    failedAt = undefined
    lostLines = 0
  }

  function write(lines: Buffer) {
    if (!stream || stream.writableLength > MAX_UNWRITTEN_BYTES) {
      lostLines += countLines(lines)
      return
    }
    stream.write(lines, (error) => {
      if (error) lostLines += countLines(lines)
      else noteSuccess()
    })
  }

  return {
    write(lines) {
      if (!stream && performance.now() - (failedAt ?? 0) >= retryMs) stream = open()
      write(lines)
    },
    close: () => new Promise((resolve) => (stream ? stream.end(() => resolve()) : resolve())),
  }
}

function countLines(lines: Buffer): number {
  return lines.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 0)
}

/** A disk that ran full has cut the last line off. The end is read from the open file: `path` can name another one by now. */
function endsWithinLine(file: number): boolean {
  const { size } = fstatSync(file)
  if (size === 0) return false
  const last = Buffer.alloc(1)
  readSync(file, last, 0, 1, size - 1)
  return last[0] !== NEWLINE
}
