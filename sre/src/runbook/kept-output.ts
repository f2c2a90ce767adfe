/** The first and the last part of a long output. */
export interface KeptOutput {
  add(text: string): void
  text(): string
}

/** @param limit characters that are kept, half of them from the beginning and half from the end */
export function keepOutput(limit: number): KeptOutput {
  const half = Math.floor(limit / 2)
  let first = ''
  let last = ''
  let leftOut = 0
  return {
    add(text) {
      const room = half - first.length
      first += text.slice(0, room)
      last += text.slice(Math.max(room, 0))
      if (last.length > half) {
        leftOut += last.length - half
        last = last.slice(-half)
      }
    },
    text: () => (leftOut === 0 ? first + last : `${first}\n… ${leftOut} characters left out …\n${last}`),
  }
}
