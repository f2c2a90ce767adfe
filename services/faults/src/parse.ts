import { isFault, readFault } from './fault.ts'
import { endOf, fail, halve, type Piece, split } from './piece.ts'
import { LONGEST_WINDOW_MS, quoted, readDuration, readShare } from './quantities.ts'
import type { Rule } from './rule.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Reads `FAULTS`: rules of the form `[METHOD] [PATH] SHARE% KIND[=ARGUMENT] [for=DURATION] [after=DURATION]`, with `;`
 * between them. docs/faults.md has the whole grammar.
 *
 * @param options.hasPool false: the service has no connections that db-pool-leak could take
 * @throws {FaultSyntaxError}
 */
export function parseFaults(text: string, { hasPool = true } = {}): Rule[] {
  const source = { text, at: 0, source: text }
  return split(source, ';')
    .filter((rule) => rule.text !== '')
    .map((rule) => readRule(rule, hasPool))
}

function readRule(rule: Piece, hasPool: boolean): Rule {
  const words = split(rule, /\s+/)
  const first = words[0] as Piece
  const method = takeMethod(words)
  const path = takePath(words)
  const share = takeShare(words)
  const word = words.shift() ?? fail(endOf(rule), 'a fault is missing, such as status=503')
  const fault = readFault(word)
  if (fault.kind === 'db-pool-leak' && !hasPool) fail(word, 'db-pool-leak is for services with a database')
  if (fault.kind === 'memory' && (method !== '*' || path !== '*'))
    fail(first, 'memory is the whole process’s: leave out method and path')
  if (share === undefined && fault.kind !== 'memory')
    fail(word, `a share is missing before ${quoted(word)}, such as 5%`)
  return { text: rule.text, method, path, share: share ?? 1, fault, ...takeWindow(words) }
}

function takeMethod(words: Piece[]): string {
  const [word] = words as [Piece]
  if (METHODS.includes(word.text) || word.text === '*') return (words.shift() as Piece).text
  if (!/^[a-z]+$/i.test(word.text) || isFault(word)) return '*'
  return fail(word, `${quoted(word)} is no method: ${METHODS.join(', ')}, or * for any`)
}

function takePath(words: Piece[]): string {
  const [word] = words
  if (!word?.text.startsWith('/') && word?.text !== '*') return '*'
  const { text } = words.shift() as Piece
  if (/[?#]/.test(text)) fail(word, `${quoted(word)} is more than a path: leave out what begins with ? or #`)
  if (text.slice(0, -1).includes('*')) fail(word, `${quoted(word)} has a * that is not at its end`)
  return text
}

function takeShare(words: Piece[]): number | undefined {
  const [word] = words
  if (!word || isFault(word)) return undefined
  const isPath = /^[/*]/.test(word.text)
  if (isPath) fail(word, `${quoted(word)} is a second path: a rule has one, after that comes its share`)
  return readShare(words.shift() as Piece)
}

function takeWindow(words: Piece[]): { afterMs: number; forMs: number } {
  const given = new Map<string, number>()
  for (const word of words) {
    const [name, duration] = halve(word, '=')
    if (!duration || (name.text !== 'for' && name.text !== 'after'))
      fail(word, `${quoted(word)} is not expected here: for=30s, after=10s, or ; and the next rule`)
    if (given.has(name.text)) fail(word, `${name.text} is given twice`)
    given.set(name.text, readDuration(duration, LONGEST_WINDOW_MS))
    if (name.text === 'for' && given.get('for') === 0) fail(duration, 'for is longer than 0ms')
  }
  return { afterMs: given.get('after') ?? 0, forMs: given.get('for') ?? Number.POSITIVE_INFINITY }
}
