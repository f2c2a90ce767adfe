import type { Context } from '../context.ts'
import { plain } from '../markdown.ts'
import { assess } from '../maturity/maturity.ts'
import type { ReadinessOptions } from '../ready/readiness.ts'
import { scoreText } from '../ready/text.ts'
import { lengthText, timeText } from '../text.ts'
import type { ReviewSource, Section } from './section.ts'
import { SECTIONS } from './sections.ts'

export interface Review {
  /** milliseconds since 1970 */
  at: number
  markdown: string
  sections: { title: string; isWritten: boolean }[]
}

/** The reliability review of lab 10. It is always written: a section whose evidence is missing says what is missing. */
export async function writeReview(context: Context, options: ReadinessOptions): Promise<Review> {
  const toMs = context.now()
  const period = { fromMs: toMs - options.maxAgeMs, toMs }
  const source = { context, period, ...(await assess(context, options)) }
  const written = await Promise.all(SECTIONS.map((section) => writeSection(section, source)))
  const [day] = timeText(toMs).split(' ')
  const head = [
    `# QuickTicket: reliability review, ${day}`,
    `Made by \`npm run sre -- review\` at ${timeText(toMs)}, over the ${lengthText(options.maxAgeMs)} before. Where: ${context.system}, ` +
      `measured by ${context.prometheus.url}. Readiness: ${scoreText(source.readiness.counts)}.`,
  ]
  const parts = written.map(({ title, blocks }, index) => [`## ${index + 1}. ${title}`, ...blocks])
  return {
    at: toMs,
    markdown: `${[...head, ...parts.flat()].join('\n\n')}\n`,
    sections: written.map(({ title, isWritten }) => ({ title, isWritten })),
  }
}

async function writeSection({ title, write }: Section, source: ReviewSource) {
  try {
    return { title, blocks: await write(source), isWritten: true }
  } catch (error) {
    // the other sections are worth reading without this one
    return { title, blocks: [`Missing: ${plain((error as Error).message)}.`], isWritten: false }
  }
}
