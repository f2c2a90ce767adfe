import type { Context } from '../context.ts'
import type { Maturity } from '../maturity/maturity.ts'
import type { Period } from '../observed/episodes.ts'
import type { Readiness } from '../ready/readiness.ts'

/** What the sections are made from. */
export interface ReviewSource {
  context: Context
  period: Period
  readiness: Readiness
  maturity: Maturity
}

/** A part of the review: paragraphs, lists and tables in Markdown. */
export interface Section {
  title: string
  /** @throws {CannotTell} what is missing, and where it was looked for: the section says so */
  write(source: ReviewSource): Promise<string[]> | string[]
}
