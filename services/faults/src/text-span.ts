import { FaultSyntaxError } from './syntax-error.ts'

/** A part of the text of `FAULTS`, with its position. */
export interface TextSpan {
  text: string
  /** the index of its first character in `source` */
  start: number
  /** the whole text of `FAULTS` */
  source: string
}

/** @throws {FaultSyntaxError} */
export function failAt(span: TextSpan, problem: string): never {
  throw new FaultSyntaxError(problem, span.source, span.start)
}

/** The empty span after the last character, where something is missing. */
export function endOf({ text, start, source }: TextSpan): TextSpan {
  return { text: '', start: start + text.length, source }
}

/** The parts between the separators, trimmed. */
export function split(span: TextSpan, separator: string | RegExp): TextSpan[] {
  const parts: TextSpan[] = []
  let start = span.start
  for (const text of span.text.split(separator)) {
    // an earlier part may have the same text, so the search starts after it
    start = span.source.indexOf(text, start)
    const blanks = text.length - text.trimStart().length
    parts.push({ text: text.trim(), start: start + blanks, source: span.source })
    start += text.length
  }
  return parts
}

/** The parts before and after the first separator; one part when there is none. */
export function splitOnce(span: TextSpan, separator: string): [TextSpan, TextSpan | undefined] {
  const index = span.text.indexOf(separator)
  if (index === -1) return [span, undefined]
  const { text, start, source } = span
  const rest = index + separator.length
  return [
    { text: text.slice(0, index), start, source },
    { text: text.slice(rest), start: start + rest, source },
  ]
}

export function quoted({ text }: TextSpan): string {
  return JSON.stringify(text)
}
