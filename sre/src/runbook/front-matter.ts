import { parse } from 'yaml'

/** What stands between two lines `---` at the beginning of a runbook. */
export interface FrontMatter {
  /** the alerts that lead to the page */
  alerts: string[]
  severity: Severity[]
  /** how long the steps of one run may take together, in milliseconds */
  timeLimitMs: number
  /** whether the steps that only look run by themselves when one of the alerts fires */
  auto: boolean
}

const SEVERITIES = ['critical', 'warning'] as const
type Severity = (typeof SEVERITIES)[number]

const FIELDS = ['alerts', 'severity', 'time_limit', 'auto']
const FRONT_MATTER = /^---\n([\s\S]*?\n)---\n/

/** @throws {Error} when there is none, or when a field is missing, unknown or wrong: one line that names the field */
export function readFrontMatter(markdown: string): FrontMatter {
  const yaml = FRONT_MATTER.exec(markdown)?.[1]
  if (yaml === undefined) throw new Error('it does not begin with front matter, between two lines ---')
  const fields = readYaml(yaml)
  for (const field of FIELDS) if (!Object.hasOwn(fields, field)) throw new Error(`${field} is missing`)
  const unknown = Object.keys(fields).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${FIELDS.join(', ')}`)
  const { alerts, severity, time_limit: timeLimit, auto } = fields
  if (!isTexts(alerts)) throw new Error('alerts must be a list of names of alerts')
  if (!isTexts(severity) || !severity.every(isSeverity))
    throw new Error(`severity must be a list of ${SEVERITIES.join(' and ')}`)
  if (typeof auto !== 'boolean') throw new Error('auto must be true or false')
  const timeLimitMs = readLength(String(timeLimit))
  if (timeLimitMs === undefined) throw new Error('time_limit must be a length such as 90s or 15m')
  return { alerts, severity, timeLimitMs, auto }
}

/** @returns milliseconds of a length such as `90s` or `15m`; undefined when it is none */
export function readLength(text: string): number | undefined {
  const [, number, unit] = /^([1-9]\d{0,3})(s|m)$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * (unit === 's' ? 1000 : 60_000)
}

function readYaml(yaml: string): Record<string, unknown> {
  const fields: unknown = parse(yaml)
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields))
    return fields as Record<string, unknown>
  throw new Error('its front matter has no fields')
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
}

function isSeverity(text: string): text is Severity {
  return (SEVERITIES as readonly string[]).includes(text)
}
