import { KINDS, type Kind } from './kinds.ts'
import type { Rule } from './rule.ts'
import { endOf, failAt, quoted, split, splitOnce, type TextSpan } from './text-span.ts'
import { LONGEST_WINDOW_MS, readDuration, readShare } from './units.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Reads `FAULTS`: rules of the form `[METHOD] [PATH] SHARE% KIND[=ARGUMENT] [for=DURATION] [after=DURATION]`, with `;`
 * between them. docs/faults.md has the whole grammar.
 *
 * @param options.hasPool false: the service has no connections that db-pool-leak could take
 * @throws {FaultSyntaxError}
 */
export function parseFaults(text: string, { hasPool = true } = {}): Rule[] {
  const source = { text, start: 0, source: text }
  return split(source, ';')
    .filter((rule) => rule.text !== '')
    .map((rule) => readRule(rule, hasPool))
}

function readRule(rule: TextSpan, hasPool: boolean): Rule {
  const words = split(rule, /\s+/)
  const first = words[0] as TextSpan
  const method = takeMethod(words)
  const path = takePath(words)
  const share = takeShare(words)
  const word = words.shift() ?? failAt(endOf(rule), 'a fault is missing, such as status=503')
  const { kind, effect } = readFault(word)
  if (kind.needsPool && !hasPool) failAt(word, `${kind.name} is for services with a database`)
  if (kind.isForProcess && (method !== '*' || path !== '*'))
    failAt(first, `${kind.name} is the whole process’s: leave out method and path`)
  if (share === undefined && !kind.isForProcess)
    failAt(word, `a share is missing before ${quoted(word)}, such as 5%`)
  return { text: rule.text, method, path, share: share ?? 1, kind, effect, ...takeWindow(words) }
}

/** `KIND` or `KIND=ARGUMENT`. */
function readFault(word: TextSpan): Pick<Rule, 'kind' | 'effect'> {
  const [name, argument] = splitOnce(word, '=')
  const kind =
    kindOf(word) ?? failAt(name, `${quoted(name)} is no fault: ${KINDS.map((one) => one.name).join(', ')}`)
  if (kind.example === undefined) {
    if (argument) failAt(argument, `${kind.name} takes no argument`)
  } else if (!argument?.text) {
    failAt(endOf(word), `an argument is missing, such as ${kind.example}`)
  }
  return { kind, effect: kind.read(argument ?? endOf(word)) }
}

function kindOf({ text }: TextSpan): Kind | undefined {
  const name = text.split('=', 1)[0]
  return KINDS.find((kind) => kind.name === name)
}

function takeMethod(words: TextSpan[]): string {
  const [word] = words as [TextSpan]
  if (METHODS.includes(word.text) || word.text === '*') return (words.shift() as TextSpan).text
  if (!/^[a-z]+$/i.test(word.text) || kindOf(word)) return '*'
  return failAt(word, `${quoted(word)} is no method: ${METHODS.join(', ')}, or * for any`)
}

function takePath(words: TextSpan[]): string {
  const [word] = words
  if (!word?.text.startsWith('/') && word?.text !== '*') return '*'
  const { text } = words.shift() as TextSpan
  if (/[?#]/.test(text))
    failAt(word, `${quoted(word)} is more than a path: leave out what begins with ? or #`)
  if (text.slice(0, -1).includes('*')) failAt(word, `${quoted(word)} has a * that is not at its end`)
  return text
}

function takeShare(words: TextSpan[]): number | undefined {
  const [word] = words
  if (!word || kindOf(word)) return undefined
  const isPath = /^[/*]/.test(word.text)
  if (isPath) failAt(word, `${quoted(word)} is a second path: a rule has one, after that comes its share`)
  return readShare(words.shift() as TextSpan)
}

function takeWindow(words: TextSpan[]): { afterMs: number; forMs: number } {
  const given = new Map<string, number>()
  for (const word of words) {
    const [name, duration] = splitOnce(word, '=')
    if (!duration || (name.text !== 'for' && name.text !== 'after'))
      failAt(word, `${quoted(word)} is not expected here: for=30s, after=10s, or ; and the next rule`)
    if (given.has(name.text)) failAt(word, `${name.text} is given twice`)
    given.set(name.text, readDuration(duration, LONGEST_WINDOW_MS))
    if (name.text === 'for' && given.get('for') === 0) failAt(duration, 'for is longer than 0ms')
  }
  return { afterMs: given.get('after') ?? 0, forMs: given.get('for') ?? Number.POSITIVE_INFINITY }
}
