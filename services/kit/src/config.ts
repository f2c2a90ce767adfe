import { readFileSync } from 'node:fs'
import { envSchema } from 'env-schema'
import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox'

/** Variables as a process receives them. */
export type Environment = Record<string, string | undefined>

/** Thrown by {@link loadConfig}; the message names every bad variable, its value and what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** The variables that every service has. */
export const commonVariables = {
  HOST: Type.String({ default: '0.0.0.0', description: 'address to listen on' }),
  LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error'], {
    default: 'info',
    description: 'least severe line that is written',
  }),
  APP_VERSION: Type.String({
    default: '',
    description: 'shown by /health and /version; empty: the package version',
  }),
  SHUTDOWN_DELAY_MS: integer(
    0,
    600_000,
    0,
    'time between a stop signal and the end of accepting connections',
  ),
  SHUTDOWN_TIMEOUT_MS: integer(
    100,
    600_000,
    25_000,
    'time after a stop signal at which the process gives up',
  ),
  MAX_CONCURRENT_REQUESTS: integer(0, 1_000_000, 0, 'requests in flight before 503; 0: off'),
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
  return Type.String({
    default: fallback,
    description,
    pattern: '^(https?://[^\\s/?#]+/?)?$',
    allowed: 'http(s)://host[:port]',
  })
}

/** A value that is never printed and that can also be read from the file which NAME_FILE points to. */
export function secret(fallback: string, description: string) {
  return Type.String({ default: fallback, description, secret: true })
}

/**
 * Reads a service's variables. An empty variable counts as unset, because Compose passes unset ones on as empty.
 *
 * @throws {ConfigError} when a variable is malformed or out of range; all of them are in the one message
 */
export function loadConfig<T extends TProperties>(variables: T, env: Environment): Static<TObject<T>> {
  const given = readSecretFiles(variables, withoutEmpty(env))
  const schema = Type.Object(variables)
  try {
    return envSchema<Static<TObject<T>>>({
      schema: structuredClone(schema),
      data: given,
      env: false,
      ajv: { customOptions: (ajv) => ajv.addVocabulary(['secret', 'allowed']) },
    })
  } catch (error) {
    throw new ConfigError(describe(variables, given, error as { errors?: { instancePath: string }[] }))
  }
}

function withoutEmpty(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]))
}

function readSecretFiles(variables: TProperties, env: Record<string, string>): Record<string, string> {
  const read: Record<string, string> = {}
  for (const [name, schema] of Object.entries(variables)) {
    const file = env[`${name}_FILE`]
    if (!isSecret(schema) || file === undefined) continue
    try {
      read[name] = readFileSync(file, 'utf8').trimEnd()
    } catch {
      throw new ConfigError(`bad configuration: ${name}_FILE="${file}" must be a readable file`)
    }
  }
  return { ...env, ...read }
}

function describe(
  variables: TProperties,
  env: Record<string, string>,
  failure: { errors?: { instancePath: string }[] },
): string {
  const names = new Set((failure.errors ?? []).map((error) => error.instancePath.slice(1)))
  if (names.size === 0) return `bad configuration: ${String(failure)}`
  const lines = [...names].map((name) => {
    const schema = variables[name] as TSchema
    const shown = isSecret(schema) ? '(hidden)' : JSON.stringify(env[name])
    return `${name}=${shown} must be ${allowed(schema)} (default ${JSON.stringify(property(schema, 'default'))})`
  })
  return `bad configuration: ${lines.join('; ')}`
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
