import { writeFileSync } from 'node:fs'
import { readLengthOption } from '../length-option.ts'
import { CannotTell, UsageError, type Verb } from '../verb.ts'
import { writeReview } from './review.ts'

export const verb: Verb = {
  usage: `npm run sre -- review [--out FILE] [--window 30d]

The reliability review of lab 10 as one Markdown document: objectives, load tests, DORA, risks, toil, gaps in monitoring, capacity,
incidents, readiness, action items. A section whose evidence is missing says what is missing: the document comes all the same, with
exit code 0, and isWritten of its section is false in --json.

  --out FILE    writes it there instead of showing it
  --window 30d  how far back it looks`,
  options: { out: { type: 'string' }, window: { type: 'string' } },
  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`)
    const { at, markdown, sections } = await writeReview(context, {
      maxAgeMs: readLengthOption('window', values.window, { fallback: '30d' }),
    })
    const json = { at: new Date(at).toISOString(), sections, markdown }
    if (typeof values.out !== 'string') return { ok: true, text: markdown.trimEnd(), json }
    write(values.out, markdown)
    const missing = sections.filter(({ isWritten }) => !isWritten).map(({ title }) => title)
    const note = missing.length === 0 ? '' : `; without evidence: ${missing.join(', ')}`
    return {
      ok: true,
      text: `${values.out}: ${sections.length} sections${note}`,
      json: { ...json, file: values.out },
    }
  },
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new CannotTell(`The review cannot be written: ${(error as Error).message}`, file)
  }
}
