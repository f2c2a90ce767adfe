import { readFileSync } from 'node:fs'
import type { Static, TObject, TProperties, TSchema } from 'typebox'
import { Type } from './schema.ts'
import { isServiceLink } from './service-links.ts'
import { parseTokens } from './service-token.ts'

/** Variables as a process receives them. */
export type Environment = Record<string, string | undefined>

/** Thrown by {@link loadConfig}; the message names every bad variable, its value and what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** The variables that every service has. */
export const commonVariables = {
  HOST: Type.String({
    default: '0.0.0.0',
    description: 'address to listen on; `npm start` sets `127.0.0.1`',
  }),
  LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error'], {
    default: 'info',
    description: 'least severe line that is written',
  }),
  APP_VERSION: Type.String({
    default: '',
    description:
      'shown by `/health`, `/version` and as a label of `<service>_build_info`; empty: the package version',
  }),
  SHUTDOWN_DELAY_MS: integer(
    0,
    600_000,
    0,
    'time between a stop signal and the end of accepting connections; `/readyz` fails at once',
  ),
  SHUTDOWN_TIMEOUT_MS: integer(
    100,
    600_000,
    25_000,
    'time after a stop signal at which the process gives up and exits with 1',
  ),
  MAX_CONCURRENT_REQUESTS: integer(
    0,
    1_000_000,
    0,
    'requests in flight before 503, each counted once its body has arrived; probes and `/metrics` are exempt; 0: off',
  ),
  SERVICE_TOKEN: {
    ...secret(
      '',
      'what services show each other; with it, those behind the gateway answer 401 to others, except for probes, `/metrics` and ' +
        '`/docs`; of several, all are accepted and the first is sent; empty: off',
    ),
    allowed: 'tokens of 16 or more of A-Z a-z 0-9 - . _ ~ + / =, with commas between them',
    check: parseTokens,
  },
}

/** `true` or `false`. */
export function flag(fallback: boolean, description: string) {
  return Type.Boolean({ default: fallback, description, allowed: 'true or false' })
}

/** A text with its own syntax: `check` throws an error that says what is wrong. */
export function checked(
  fallback: string,
  description: string,
  allowed: string,
  check: (text: string) => unknown,
) {
  return Type.String({ default: fallback, description, allowed, check })
}

/** A whole number within limits. */
export function integer(minimum: number, maximum: number, fallback: number, description: string) {
  return Type.Integer({ minimum, maximum, default: fallback, description })
}

/** A share from 0 (never) to 1 (always). */
export function rate(fallback: number, description: string) {
  return Type.Number({ minimum: 0, maximum: 1, default: fallback, description })
}

/** The base URL of a service; a slash at the end is accepted. */
export function url(fallback: string, description: string) {
  return Type.String({ default: fallback, description, accepts: isBaseUrl, allowed: 'http(s)://host[:port]' })
}

function isBaseUrl(text: string): boolean {
  return /^https?:\/\/[^\s/?#@]+\/?$/.test(text) && URL.canParse(text)
}

/** A value that is never printed and that can also be read from the file which NAME_FILE points to. */
export function secret(fallback: string, description: string) {
  return Type.String({ default: fallback, description, secret: true })
}

/**
 * A variable that is read only when `used` is true of the other variables; otherwise a malformed value is no error and the
 * default applies. `used` sees undefined for malformed variables.
 */
export function usedWhen<T extends TSchema>(
  used: (config: Record<string, unknown>) => boolean,
  schema: T,
): T {
  return { ...schema, usedWhen: used }
}

/**
 * Reads a service's variables. An empty variable counts as unset, because Compose passes unset ones on as empty, and so does
 * one that Kubernetes injects for a Service.
 *
 * @throws {ConfigError} when a variable is malformed or out of range; all of them are in the one message
 */
export function loadConfig<T extends TProperties>(variables: T, env: Environment): Static<TObject<T>> {
  const { texts, unreadable } = readSecretFiles(variables, withoutUnset(env))
  const config: Record<string, unknown> = {}
  const mistakes: Record<string, string> = {}
  for (const [name, schema] of Object.entries(variables)) {
    const text = texts[name]
    const mistake = text === undefined ? undefined : mistakeIn(name, schema, text)
    if (mistake) mistakes[name] = mistake
    else assign(config, name, text === undefined ? property(schema, 'default') : parse(schema, text))
  }
  const bad = Object.keys(mistakes).filter((name) => isUsed(variables[name] as TSchema, config))
  const messages = [...unreadable, ...bad.map((name) => mistakes[name])]
  if (messages.length > 0) throw new ConfigError(`bad configuration: ${messages.join('; ')}`)
  for (const name of Object.keys(mistakes))
    assign(config, name, property(variables[name] as TSchema, 'default'))
  return config as Static<TObject<T>>
}

function assign(config: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) config[name] = value
}

function withoutUnset(env: Environment): Record<string, string> {
  const isSet = (entry: [string, string | undefined]): entry is [string, string] =>
    !!entry[1] && !isServiceLink(entry[0], entry[1])
  return Object.fromEntries(Object.entries(env).filter(isSet))
}

function isUsed(schema: TSchema, config: Record<string, unknown>): boolean {
  const used = property(schema, 'usedWhen') as ((config: Record<string, unknown>) => boolean) | undefined
  return used === undefined || used(config)
}

/** What is wrong with a text, and what is allowed; undefined when nothing is. */
function mistakeIn(name: string, schema: TSchema, text: string): string | undefined {
  const reason = failedCheck(schema, text)
  if (reason !== undefined) return `${mustBe(name, schema, text)}: ${reason}`
  return parse(schema, text) === undefined ? mustBe(name, schema, text) : undefined
}

function readSecretFiles(variables: TProperties, env: Record<string, string>) {
  const texts = { ...env }
  const unreadable: string[] = []
  for (const [name, schema] of Object.entries(variables)) {
    const file = env[`${name}_FILE`]
    if (!isSecret(schema) || file === undefined) continue
    try {
      texts[name] = readFileSync(file, 'utf8').trimEnd()
    } catch {
      // the path is enough to find out why
      unreadable.push(`${name}_FILE=${JSON.stringify(file)} must be a readable file`)
    }
  }
  return { texts, unreadable }
}

function failedCheck(schema: TSchema, text: string): string | undefined {
  const check = property(schema, 'check') as ((text: string) => unknown) | undefined
  try {
    check?.(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const INTEGER = /^[+-]?\d+$/
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** The value that a text stands for; undefined when it is not allowed. */
function parse(schema: TSchema, text: string): unknown {
  switch (property(schema, 'type')) {
    case 'integer':
      return INTEGER.test(text) ? withinLimits(schema, Number(text)) : undefined
    case 'number':
      return NUMBER.test(text) ? withinLimits(schema, Number(text)) : undefined
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : undefined)
  }
  const choices = property(schema, 'enum')
  if (Array.isArray(choices)) return choices.includes(text) ? text : undefined
  const accepts = property(schema, 'accepts') as ((text: string) => boolean) | undefined
  return accepts === undefined || accepts(text) ? text : undefined
}

function withinLimits(schema: TSchema, value: number): number | undefined {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number }
  return value >= (minimum ?? value) && value <= (maximum ?? value) ? value : undefined
}

function mustBe(name: string, schema: TSchema, text: string): string {
  const shown = isSecret(schema) ? '(hidden)' : JSON.stringify(text)
  const fallback = property(schema, 'default')
  const byDefault = fallback === undefined ? '' : ` (default ${JSON.stringify(fallback)})`
  return `${name}=${shown} must be ${allowed(schema)}${byDefault}`
}

/** What a variable may hold, in words: used in messages and in tables of variables. */
export function allowed(schema: TSchema): string {
  const stated = property(schema, 'allowed')
  if (stated) return String(stated)
  const choices = property(schema, 'enum')
  if (Array.isArray(choices)) return `one of ${choices.join(', ')}`
  const range = `from ${String(property(schema, 'minimum'))} to ${String(property(schema, 'maximum'))}`
  if (property(schema, 'type') === 'integer') return `a whole number ${range}`
  if (property(schema, 'type') === 'number') return `a number ${range}`
  return 'a text'
}

function isSecret(schema: TSchema): boolean {
  return property(schema, 'secret') === true
}

function property(schema: TSchema, name: string): unknown {
  return (schema as Record<string, unknown>)[name]
}
