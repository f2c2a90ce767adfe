/** A part of the text of `FAULTS` that knows where it stands. */
export interface Piece {
  text: string
  /** the index of its first character in `source` */
  at: number
  /** the whole text of `FAULTS` */
  source: string
}

/** The message says at which column (from 1), what is wrong and what is allowed, on one line. */
export class FaultSyntaxError extends Error {
  override name = 'FaultSyntaxError'
  readonly column: number

  constructor(problem: string, source: string, at: number) {
    super(`at column ${at + 1}: ${problem}; here: ${excerpt(source, at)}`)
    this.column = at + 1
  }
}

/** @throws {FaultSyntaxError} */
export function fail(piece: Piece, problem: string): never {
  throw new FaultSyntaxError(problem, piece.source, piece.at)
}

/** The place after the last character, where something is missing. */
export function endOf({ text, at, source }: Piece): Piece {
  return { text: '', at: at + text.length, source }
}

/** The parts between the separators, without blanks around them. */
export function split(piece: Piece, separator: string | RegExp): Piece[] {
  const pieces: Piece[] = []
  let at = piece.at
  for (const text of piece.text.split(separator)) {
    // what has been split off before may look the same, so the search goes on from there
    at = piece.source.indexOf(text, at)
    const blanks = text.length - text.trimStart().length
    pieces.push({ text: text.trim(), at: at + blanks, source: piece.source })
    at += text.length
  }
  return pieces
}

/** From the first `mark` on there are two parts, without the mark. */
export function halve(piece: Piece, mark: string): [Piece, Piece | undefined] {
  const index = piece.text.indexOf(mark)
  if (index === -1) return [piece, undefined]
  const { text, at, source } = piece
  const after = index + mark.length
  return [
    { text: text.slice(0, index), at, source },
    { text: text.slice(after), at: at + after, source },
  ]
}

/** A caret stands in front of the place. */
function excerpt(source: string, at: number): string {
  const from = Math.max(0, at - 30)
  const to = Math.min(source.length, at + 30)
  const marked = `${source.slice(from, at)}^${source.slice(at, to)}`
  return JSON.stringify(`${from > 0 ? '…' : ''}${marked}${to < source.length ? '…' : ''}`)
}
