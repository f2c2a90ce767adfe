/** The message has the column (from 1), what is wrong and what is allowed, on one line. */
export class FaultSyntaxError extends Error {
  override name = 'FaultSyntaxError'
  readonly column: number

  constructor(problem: string, source: string, index: number) {
    super(`at column ${index + 1}: ${problem}; here: ${excerpt(source, index)}`)
    this.column = index + 1
  }
}

/** A caret marks the position. */
function excerpt(source: string, index: number): string {
  const from = Math.max(0, index - 30)
  const to = Math.min(source.length, index + 30)
  const marked = `${source.slice(from, index)}^${source.slice(index, to)}`
  return JSON.stringify(`${from > 0 ? '…' : ''}${marked}${to < source.length ? '…' : ''}`)
}
