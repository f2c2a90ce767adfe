/**
 * What an output has to look like. Compared line by line; blanks at the ends of a line do not count, and any run of blanks
 * is like any other. A line `…` stands for any number of lines, also none. In a line:
 *
 *   <uuid> <ip> <time>   what they say; a time is ISO 8601
 *   <number> <positive>  digits with an optional fraction; `<positive>` is above 0
 *   <word>               anything without a blank
 *   <any>                anything, also nothing
 *   <a|b>                one of these words
 */
const PLACEHOLDERS: Record<string, string> = {
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  ip: '\\d{1,3}(?:\\.\\d{1,3}){3}',
  time: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[+-]\\d\\d:\\d\\d)',
  number: '\\d+(?:\\.\\d+)?',
  positive: '(?=[0.]*[1-9])\\d+(?:\\.\\d+)?',
  word: '\\S+',
  any: '.*?',
}
const PLACEHOLDER = /(<[a-z0-9_]+(?:\|[a-z0-9_]+)*>)/i
const LEFT_OUT = '…'

export interface Mismatch {
  /** pattern and output side by side, to repair the page or the program */
  diff: string
}

/** Undefined when the output is as the pattern says. */
export function mismatch(pattern: string, output: string): Mismatch | undefined {
  const wanted = linesOf(pattern)
  const got = linesOf(output)
  const failedAt = furthest(wanted, got)
  return failedAt && { diff: showDifference(wanted, got, failedAt) }
}

/** Whether one line is as the pattern's line says. */
export function matchesLine(pattern: string, line: string): boolean {
  return lineExpression(pattern).test(line)
}

interface Position {
  wanted: number
  got: number
}

/** How far the lines agree at best; undefined when it is to the end of both. */
function furthest(wanted: string[], got: string[]): Position | undefined {
  let reached: Position = { wanted: 0, got: 0 }
  const visited = new Set<string>()
  const agree = (w: number, g: number): boolean => {
    const key = `${w} ${g}`
    if (visited.has(key)) return false
    visited.add(key)
    if (g > reached.got || (g === reached.got && w > reached.wanted)) reached = { wanted: w, got: g }
    if (w === wanted.length) return g === got.length
    if (wanted[w] === LEFT_OUT) return agree(w + 1, g) || (g < got.length && agree(w, g + 1))
    return g < got.length && matchesLine(wanted[w] as string, got[g] as string) && agree(w + 1, g + 1)
  }
  return agree(0, 0) ? undefined : reached
}

function showDifference(wanted: string[], got: string[], { wanted: w, got: g }: Position): string {
  const mark = (line: string, from: number, at: number) => `${from === at ? '>' : ' '} ${line}`
  const numbered = (lines: string[], at: number) =>
    [...lines, '(end)'].map((line, from) => mark(line, from, at)).join('\n')
  return `the page says:\n${numbered(wanted, w)}\n\nthe command wrote:\n${numbered(got, g)}`
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))
  while (lines.at(-1) === '') lines.pop()
  while (lines[0] === '') lines.shift()
  return lines
}

function lineExpression(pattern: string): RegExp {
  const parts = pattern
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 ? placeholder(part) : literally(part)))
  return new RegExp(`^${parts.join('')}$`)
}

function placeholder(part: string): string {
  const name = part.slice(1, -1)
  if (PLACEHOLDERS[name]) return PLACEHOLDERS[name]
  // anything else in angle brackets is meant as it is written
  return name.includes('|') ? `(?:${name})` : literally(part)
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
