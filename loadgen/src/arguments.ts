/** The message is one line for the user of the command. */
export class InvalidArgument extends Error {}

export const MOST_RPS = 20_000
export const MOST_SECONDS = 86_400

export function readRate(name: string, text: string): number {
  return readNumber(name, text, MOST_RPS)
}

export function readSeconds(name: string, text: string): number {
  return readNumber(name, text, MOST_SECONDS)
}

/** 90, 90s, 500ms, 5m or 1h, in seconds. */
export function readDuration(name: string, text: string): number {
  const [, digits = '', unit = 's'] = /^([\d.]+)(ms|s|m|h)?$/.exec(text) ?? []
  const factor = { ms: 0.001, s: 1, m: 60, h: 3600 }[unit] ?? 1
  const value = isNumber(digits) ? Number(digits) * factor : Number.NaN
  if (value > 0 && value <= MOST_SECONDS) return value
  throw new InvalidArgument(`${name} is "${text}"; it has to look like 500ms, 90s, 5m or 1h, up to a day`)
}

export function readInteger(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InvalidArgument(`${name} is "${text}"; it has to be a whole number from ${least} to ${most}`)
}

export function readChoice<Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === text)
  if (found) return found
  throw new InvalidArgument(`${name} is "${text}"; it has to be one of ${choices.join(', ')}`)
}

export function readUrl(name: string, text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol === 'http:' || protocol === 'https:') return text.replace(/\/+$/, '')
  throw new InvalidArgument(`${name} is "${text}"; it has to look like http://localhost:3080`)
}

function readNumber(name: string, text: string, most: number): number {
  const value = isNumber(text) ? Number(text) : Number.NaN
  if (value > 0 && value <= most) return value
  throw new InvalidArgument(`${name} is "${text}"; it has to be a number above 0 and up to ${most}`)
}

function isNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text)
}
