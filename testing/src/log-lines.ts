export type LogLine = Record<string, unknown> & { level: string; msg: string }

export interface LogLines {
  write(text: string): void
  /** what was written, as it was written */
  text(): string
  lines(): LogLine[]
  /** The first line that matches, now or later. */
  until(matches: (line: LogLine) => boolean): Promise<LogLine>
}

/** Collects a log's lines: they are the events that a test can wait for. */
export function collectLines(): LogLines {
  let written = ''
  const waiting = new Set<() => void>()
  const lines = () =>
    written
      .slice(0, written.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine)
  return {
    write(text) {
      written += text
      for (const look of waiting) look()
    },
    text: () => written,
    lines,
    until: (matches) =>
      new Promise((resolve) => {
        function look(): void {
          const found = lines().find(matches)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}
