import { LATENCY_FORMS, readLatency } from './latency.ts'
import { endOf, fail, halve, type Piece } from './piece.ts'
import { quoted, readByteRate, readDuration } from './quantities.ts'
import { type Fault, KINDS, type Kind } from './rule.ts'

export function isFault({ text }: Piece): boolean {
  return (KINDS as readonly string[]).includes(text.split('=', 1)[0] as string)
}

/** `KIND` or `KIND=ARGUMENT`. */
export function readFault(word: Piece): Fault {
  const [name, argument] = halve(word, '=')
  if (!isFault(name)) fail(name, `${quoted(name)} is no fault: ${KINDS.join(', ')}`)
  const kind = name.text as Kind
  switch (kind) {
    case 'status':
      return { kind, status: readStatus(needed(word, argument, 'status=503')) }
    case 'latency':
      return { kind, sampleMs: readLatency(needed(word, argument, `latency=DURATION: ${LATENCY_FORMS}`)) }
    case 'cpu':
      return { kind, blockMs: readDuration(needed(word, argument, 'cpu=200ms')) }
    case 'memory':
      return { kind, bytesPerSecond: readByteRate(needed(word, argument, 'memory=5MB/s')) }
    default:
      if (argument) fail(argument, `${kind} takes no argument`)
      return { kind }
  }
}

function needed(word: Piece, argument: Piece | undefined, example: string): Piece {
  if (!argument?.text) fail(endOf(word), `an argument is missing, such as ${example}`)
  return argument
}

function readStatus(piece: Piece): number {
  const status = Number(piece.text)
  if (!/^\d{3}$/.test(piece.text) || status < 400 || status > 599)
    fail(piece, `${quoted(piece)} is no status of an error: 400 to 599`)
  return status
}
