import { percent } from './lines.ts'
import type { Level, Search } from './until-breaks.ts'

/** What a step of the search has shown. */
export function levelLine(
  { level, summary: { all, generator, soldOutShare }, broken }: Level,
  unit: string,
): string {
  const late = generator.lateShare > 0.01 ? ', the load generator did not keep up' : ''
  const errors = (all.brokenRate * 100).toFixed(2)
  const soldOut = soldOutShare > 0 ? `, ${percent(soldOutShare)} of reserves sold out` : ''
  return `${level} ${unit}: ${all.perSecond.toFixed(0)} requests/s, p99 ${all.p99Ms.toFixed(0)} ms, ${errors} % 5xx or lost${soldOut}${late}${broken ? `: broken (${broken})` : ''}`
}

/** Where the knee is, or why there is none. */
export function kneeLines({ unit, knee, beyond, soldOut }: Search): string[] {
  if (soldOut) {
    const share = percent(soldOut.summary.soldOutShare)
    return [
      `Knee: not measured. At ${soldOut.level} ${unit}, ${share} of the answers to reserve were 409, sold out, which cost less than a sale.`,
      '--refill makes seats free before each step; the command for it alone is npm run refill.',
    ]
  }
  if (!knee)
    return [
      beyond ? `Knee: below ${beyond.level} ${unit}, which broke it: ${beyond.broken}` : 'Knee: not found',
    ]
  const { all } = knee.summary
  const held = `${knee.level} ${unit} (${all.perSecond.toFixed(0)} requests/s, p99 ${all.p99Ms.toFixed(0)} ms)`
  if (!beyond) return [`Knee: not found, ${held} still held`]
  return [`Knee: ${held}; ${beyond.level} ${unit} broke it: ${beyond.broken}`]
}
