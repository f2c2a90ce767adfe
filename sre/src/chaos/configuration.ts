import type { Environment } from '../context.ts'
import { objectAt, oneOfAt, textAt } from '../fields.ts'
import { UsageError } from '../verb.ts'

type Value = string | number | boolean

/**
 * The values of `configuration`: plain ones, and those of variables.
 *
 * @throws {UsageError} when a variable without a default is not set
 */
export function readConfiguration(given: unknown, env: Environment): Map<string, Value> {
  if (given === undefined) return new Map()
  const all = given as Record<string, unknown>
  const values = Object.entries(objectAt(given, 'configuration', Object.keys(all ?? {})))
  return new Map(values.map(([name, value]) => [name, readValue(value, `configuration.${name}`, env)]))
}

/** Puts the values where `${name}` stands, in every text. A text that is only `${name}` becomes the value itself. */
export function substitute(node: unknown, values: Map<string, Value>, path = ''): unknown {
  if (typeof node === 'string') return substituteText(node, values, path)
  if (Array.isArray(node)) return node.map((item, index) => substitute(item, values, `${path}[${index}]`))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      substitute(value, values, path === '' ? key : `${path}.${key}`),
    ]),
  )
}

const REFERENCE = /\$\{(\w+)\}/g

function substituteText(text: string, values: Map<string, Value>, path: string): Value {
  const [, only] = /^\$\{(\w+)\}$/.exec(text) ?? []
  if (only !== undefined) return lookUp(only)
  return text.replace(REFERENCE, (_, name: string) => String(lookUp(name)))

  function lookUp(name: string): Value {
    const value = values.get(name)
    if (value !== undefined) return value
    const known = [...values.keys()].join(', ') || 'none'
    throw new UsageError(`${path} uses \${${name}}, which configuration does not have; it has ${known}`)
  }
}

function readValue(value: unknown, path: string, env: Environment): Value {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  const given = objectAt(value, path, ['type', 'key', 'default'])
  oneOfAt(given.type, `${path}.type`, ['env'])
  const key = textAt(given.key, `${path}.key`)
  const found = env[key] || (given.default as Value | undefined)
  if (found !== undefined) return found
  throw new UsageError(`${path} needs the variable ${key}, which is not set`)
}
