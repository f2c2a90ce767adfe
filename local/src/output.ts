import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { PROBE_ID } from './http-status.ts'
import { type LogFile, openLogFile } from './log-file.ts'
import { createPretty } from './pretty.ts'

export type Output = {
  /** What the runner itself has to say. */
  say(text: string): void
  /** Shows and keeps what a child writes. */
  follow(name: string, child: ChildProcess): Followed
  close(): Promise<void>
}

export type Followed = {
  /** The end of what it wrote, when it has ended. */
  lastLines(): Promise<string[]>
}

/** Limits the runner's memory when the terminal or reader stalls. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024

/**
 * The children's lines go to standard output: unchanged, or pretty in one stream with the runner's own. Unchanged, the
 * runner's own go to standard error. All of it is also kept, unchanged, in a file per child.
 */
export function createOutput(logsDir: string, mode: 'json' | 'pretty'): Output {
  const files = new Map<string, LogFile>()
  const pretty = mode === 'pretty' ? createPretty(process.stdout.hasColors?.() ?? false) : undefined
  // a reader that is gone is no reason to stop
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

  function say(text: string) {
    if (pretty) show(`${text}\n`)
    else process.stderr.write(`${text}\n`)
  }

  function fileOf(name: string): LogFile {
    const file = files.get(name) ?? openLogFile(join(logsDir, `${name}.log`), say)
    files.set(name, file)
    return file
  }

  function show(chunk: Buffer | string) {
    if (process.stdout.writableLength < MAX_UNREAD_BYTES) process.stdout.write(chunk)
  }

  return {
    say,
    follow(name, child) {
      const last = new Map<Readable, Buffer>()
      const file = fileOf(name)
      const streams = [child.stdout, child.stderr] as Readable[]
      for (const stream of streams) {
        onWholeLines(stream, (all) => {
          const lines = withoutProbes(all)
          if (lines.length === 0) return
          file.write(lines)
          last.set(stream, lines)
          if (pretty) show(pretty(name, lines.toString()))
          else if (stream === child.stdout) show(lines)
          else process.stderr.write(lines)
        })
      }
      const ended = Promise.allSettled(streams.map((stream) => finished(stream)))
      const lastText = () =>
        Buffer.concat([...last.values()])
          .toString()
          .trimEnd()
      return { lastLines: async () => ended.then(() => lastText().split('\n')) }
    },
    async close() {
      const closed = [...files.values()].map((file) => file.close())
      const shown = new Promise<void>((done) => process.stdout.write('', () => done()))
      // a reader that has stalled must not delay the exit
      await Promise.race([Promise.all([...closed, shown]), delay(1000)])
    },
  }
}

function withoutProbes(lines: Buffer): Buffer {
  if (!lines.includes(PROBE_ID)) return lines
  const others = lines
    .toString()
    .split('\n')
    .filter((line) => !line.includes(PROBE_ID))
  return Buffer.from(others.join('\n'))
}

/** So that lines of different children never run into each other. */
function onWholeLines(stream: Readable, write: (lines: Buffer) => void): void {
  const newline = 10
  let rest: Buffer[] = []
  stream.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(newline) + 1
    if (end > 0) {
      write(Buffer.concat([...rest, chunk.subarray(0, end)]))
      rest = []
    }
    if (end < chunk.length) rest.push(chunk.subarray(end))
  })
  stream.on('end', () => {
    if (rest.length > 0) write(Buffer.concat([...rest, Buffer.of(newline)]))
  })
}
