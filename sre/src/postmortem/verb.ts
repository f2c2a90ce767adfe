import { readFileSync, writeFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { getIncident } from '../incident/incident.ts'
import type { Store } from '../store/store.ts'
import { harmless } from '../text.ts'
import { type Answer, CannotTell, UsageError, type Verb } from '../verb.ts'
import { postmortemMarkdown } from './document.ts'
import type { Plot } from './plots.ts'
import { type Postmortem, writePostmortem } from './postmortem.ts'
import { findWordingProblems } from './wording.ts'

export const verb: Verb = {
  usage: `npm run sre -- postmortem INC-0001 [--out FILE.md [--overwrite]] [--summary TEXT] [--order-cents N]
npm run sre -- postmortem --lint FILE.md

The document about an incident, as Markdown: what it cost, how it was detected, the timeline of alerts, deploys, faults,
updates, runbooks and experiments, plots with their queries, and action items. What needs a person is marked.
A figure that Prometheus cannot give says why.

  --out FILE       writes it there, and the plots beside it as FILE-*.svg; by default standard output with the plots in it
  --overwrite      replaces FILE, and what people have written into it; without it a FILE that exists is refused
  --summary TEXT   the summary
  --order-cents N  the mean value of an order: for the money not made, which no metric counts
  --lint FILE      looks for words that blame people and for places that are still empty; the exit code is 1 for any`,
  options: {
    out: { type: 'string' },
    summary: { type: 'string' },
    'order-cents': { type: 'string' },
    lint: { type: 'string' },
    overwrite: { type: 'boolean' },
  },

  async run(context, { values, positionals }) {
    const { out, summary, lint } = values
    if (typeof lint === 'string') return lintFile(lint, context.store)
    const [id, ...more] = positionals
    if (id === undefined || more.length > 0)
      throw new UsageError('postmortem needs one incident, such as INC-0001')
    const orderCents = readCents(values['order-cents'])
    const incident = getIncident(context.store, id)
    const postmortem = await writePostmortem(context, incident, {
      summary: typeof summary === 'string' ? summary : undefined,
      orderCents,
    })
    for (const { text, advice } of findWordingProblems(String(summary ?? ''), peopleOf(context.store))) {
      context.progress(`--summary: "${text}": ${advice}`)
    }
    const json = jsonOf(postmortem)
    if (typeof out !== 'string') return { ok: true, text: postmortemMarkdown(postmortem, dataUri), json }
    const files = writeFiles(postmortem, out, values.overwrite === true)
    const notes = postmortem.missing.map((line) => `  ${harmless(line)}`)
    return {
      ok: true,
      text: [
        `${out}, and ${files.length} plots beside it.`,
        ...(notes.length > 0 ? ['Not known:', ...notes] : []),
        `npm run sre -- postmortem --lint ${out} says what is still to be written.`,
      ].join('\n'),
      json: { ...json, files: [out, ...files] },
    }
  },
}

function writeFiles(postmortem: Postmortem, out: string, overwrite: boolean): string[] {
  const stem = out.slice(0, out.length - extname(out).length)
  const fileOf = ({ name }: Plot) => `${stem}-${name}.svg`
  const image = (plot: Plot) => encodeURIComponent(basename(fileOf(plot)))
  try {
    writeFileSync(out, postmortemMarkdown(postmortem, image), { flag: overwrite ? 'w' : 'wx' })
    for (const plot of postmortem.plots) writeFileSync(fileOf(plot), `${plot.svg}\n`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new UsageError(`${out} exists, and people may have written into it: --overwrite replaces it`)
    }
    throw new CannotTell(`The document cannot be written: ${(error as Error).message}`, out)
  }
  return postmortem.plots.map(fileOf)
}

function dataUri({ svg }: Plot): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}

function lintFile(path: string, store: Store): Answer {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new CannotTell(`The document cannot be read: ${(error as Error).message}`, path)
  }
  const problems = findWordingProblems(text, peopleOf(store))
  const lines = problems.map(
    ({ line, text: found, advice }) => `${path}:${line}: "${harmless(found)}": ${advice}`,
  )
  return {
    ok: problems.length === 0,
    text: lines.length > 0 ? lines.join('\n') : `${path}: no word that blames, and no empty place.`,
    json: problems,
  }
}

/** Whom the store knows by name. */
function peopleOf(store: Store): string[] {
  const rows = store.all<{ name: string }>(
    'SELECT commander AS name FROM incidents WHERE commander IS NOT NULL UNION SELECT owner FROM actions',
  )
  return rows.map(({ name }) => name)
}

function jsonOf({ plots, ...rest }: Postmortem) {
  return { ...rest, plots: plots.map(({ svg, ...plot }) => plot) }
}

function readCents(text: unknown): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,12}$/.test(String(text))) return Number(text)
  throw new UsageError(`--order-cents=${JSON.stringify(text)} must be a whole number of cents`)
}
