import { globSync, readFileSync } from 'node:fs'
import { parse } from '@babel/parser'
import { checkSync } from 'recheck'
import { expect, test } from 'vitest'

/** A regular expression of a source file, or a text such as '^a$', the `pattern` of a schema, which Ajv compiles with `u`. */
interface Pattern {
  source: string
  flags: string
  /** file and line */
  at: string
}

interface Node {
  type: string
  loc: { start: { line: number } }
  [property: string]: unknown
}

// its other backends are programs of 23 MB and more
process.env.RECHECK_BACKEND = 'pure'

const files = globSync('services/*/src/**/*.ts').filter((file) => !file.endsWith('.d.ts'))

test.each([
  ['/^Bearer +(.*\\S)/i', '2nd degree polynomial'],
  ['/^(a|a)*$/', 'exponential'],
])('the check finds %s', (literal, complexity) => {
  const [pattern] = patternsIn('bad.ts', `const bad = ${literal}`)
  expect(pattern && complexityOf(pattern)).toBe(complexity)
})

test('every pattern of the services takes linear time, whatever it is given', { timeout: 120_000 }, () => {
  const patterns = files.flatMap((file) => patternsIn(file, readFileSync(file, 'utf8')))
  expect(patterns.length).toBeGreaterThan(50)
  const slow = patterns.map((pattern) => ({ ...pattern, complexity: complexityOf(pattern) }))
  expect(slow.filter(({ complexity }) => complexity !== undefined)).toEqual([])
})

function patternsIn(file: string, text: string): Pattern[] {
  const patterns: Pattern[] = []
  visit(parse(text, { sourceType: 'module', plugins: ['typescript'] }).program, (node) => {
    const at = `${file}:${node.loc.start.line}`
    if (node.type === 'RegExpLiteral') {
      patterns.push({ source: String(node.pattern), flags: String(node.flags), at })
    } else if (node.type === 'StringLiteral' && /^\^.*\$$/.test(String(node.value))) {
      patterns.push({ source: String(node.value), flags: 'u', at })
    } else if (node.type === 'NewExpression' && (node.callee as { name?: string }).name === 'RegExp') {
      throw new Error(`${at}: write the pattern out as a literal, so that it can be checked`)
    }
  })
  return patterns
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value) && 'loc' in value && 'type' in value) see(value as Node)
  for (const child of Object.values(value)) visit(child, see)
}

/** Undefined when it is linear; a pattern that cannot be judged in time is not. */
function complexityOf({ source, flags }: Pattern): string | undefined {
  const judged = checkSync(source, flags, { timeout: 60_000 })
  if (judged.status === 'safe') return undefined
  return judged.status === 'vulnerable' ? judged.complexity.summary : judged.status
}
