import { UsageError } from './verb.ts'

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/

/**
 * A time of the past in ISO 8601. Without a zone it is UTC, as everywhere in the output.
 *
 * @param name of the option, without its dashes
 * @param now milliseconds since 1970: the time must not be later
 * @returns milliseconds since 1970; undefined when nothing was given
 * @throws {UsageError} when it is no such time
 */
export function readTime(name: string, given: unknown, now: number): number | undefined {
  if (given === undefined) return undefined
  const [, day = '', time = '00:00', zone = 'Z'] = TIME.exec(String(given)) ?? []
  const at = Date.parse(`${day}T${time}${zone}`)
  // Date takes the 31st of February for the third of March
  const isDay = !Number.isNaN(at) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
  if (isDay && at > 0 && at <= now) return at
  throw new UsageError(
    `--${name}=${JSON.stringify(String(given).slice(0, 60))} must be a time in the past such as 2026-11-28T12:00:00Z`,
  )
}
