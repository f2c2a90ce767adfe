import { stripVTControlCharacters } from 'node:util'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A length for people: `43.2 min`, `3 h 5 min`, `2 d 4 h`. @param ms milliseconds */
export function lengthText(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
  if (ms < MINUTE) return `${trimmed(ms / SECOND)} s`
  if (ms < HOUR) return `${trimmed(ms / MINUTE)} min`
  if (ms < DAY) return twoUnits(ms, HOUR, 'h', MINUTE, 'min')
  return twoUnits(ms, DAY, 'd', HOUR, 'h')
}

/** A moment, to the second, in UTC. @param at milliseconds since 1970 */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** `99.5 %`. @param share from 0 to 1 */
export function percentText(share: number, digits = 2): string {
  return `${Number((share * 100).toFixed(digits))} %`
}

/** Columns as wide as their widest text, two blanks apart. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => visible(row[column] ?? ''))),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(Math.max((widths[column] ?? 0) - visible(cell), 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const CODES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const

/** Colours for a terminal; without one the text as it is. */
export function paint(colors: boolean): (text: string, color: keyof typeof CODES) => string {
  return (text, color) => (colors ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text)
}

/** Text that others wrote, such as a label: without control characters, which a terminal would obey. */
export function harmless(text: string, maxLength = 300): string {
  const clean = text.replace(/\p{Cc}+/gu, ' ')
  return clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean
}

function visible(text: string): number {
  return stripVTControlCharacters(text).length
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(ms / large)
  const rest = Math.round((ms - whole * large) / small)
  if (rest * small >= large) return `${whole + 1} ${largeName}`
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)))
}
