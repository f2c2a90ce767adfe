import { dayText } from '../actions/text.ts'
import { nameOf } from '../alerts/alert.ts'
import type { Incident } from '../incident/incident.ts'
import { markdownTable, plain } from '../markdown.ts'
import type { Period } from '../observed/episodes.ts'
import { lengthText, timeText } from '../text.ts'
import { impactRows } from './impact-rows.ts'
import type { Plot } from './plots.ts'
import type { Postmortem } from './postmortem.ts'
import { ACTIONS_HEADING, PLACE } from './wording.ts'

/** The document as Markdown. @param imageOf where the image of a plot is: a file's name or a data URI */
export function postmortemMarkdown(postmortem: Postmortem, imageOf: (plot: Plot) => string): string {
  const { incident, summary, timeline, findings, plots, missing, madeAt } = postmortem
  const { id } = incident
  return `${[
    `# ${id}: ${plain(incident.title)}`,
    headTable(postmortem),
    `Made by \`npm run sre -- postmortem ${id}\` at ${timeText(madeAt)}. All times are UTC.`,
    `> This document looks for causes in the system. What people did looked right to them, with what they knew at that time.
> It speaks of roles and not of names. \`npm run sre -- postmortem --lint FILE\` finds words that judge people and places that are still empty.`,
    '## Summary',
    summary ?? place('what buyers met, why, and what ended it, in two or three sentences'),
    '## Impact',
    markdownTable(['Figure', 'Value', 'How'], impactRows(postmortem)),
    ...seenText(postmortem),
    '## Detection',
    ...detectionText(postmortem),
    '## Cause',
    ...causeText(postmortem),
    '## Timeline',
    markdownTable(
      ['Time (UTC)', 'Kind', 'What'],
      timeline.map(({ at, kind, text }) => [timeText(at).slice(0, 19), kind, plain(text)]),
    ),
    '## What went well',
    listText(findings.well, 'what else helped, and has to stay as it is'),
    '## What went wrong',
    listText(findings.wrong, 'what else made it worse or longer'),
    '## Where luck helped',
    place('what would have made it worse, and only happened not to be so'),
    '## Plots',
    ...plots.map((plot) => plotText(plot, imageOf(plot))),
    ACTIONS_HEADING,
    ...actionsText(postmortem),
    ...(missing.length > 0
      ? ['## What is not known', missing.map((line) => `- ${plain(line)}`).join('\n')]
      : []),
  ].join('\n\n')}\n`
}

function headTable({ incident, period }: { incident: Incident; period: Period }): string {
  const { severity, status, services, commander, begunAt, begunBy } = incident
  const after = (at: number | undefined) =>
    at === undefined ? 'no' : `${timeText(at)}, ${lengthText(at - begunAt)} after it began`
  return markdownTable(
    ['Severity', `SEV${severity}`],
    [
      ['Status', status],
      ['Services', services.map(plain).join(', ')],
      ['Commander', commander === undefined ? 'none' : plain(commander)],
      ['Began', `${timeText(begunAt)} (known from: ${begunBy})`],
      ['Detected', after(incident.detectedAt)],
      ['Acknowledged', after(incident.acknowledgedAt)],
      ['Mitigated', after(incident.mitigatedAt)],
      ['Resolved', after(incident.resolvedAt)],
      [
        'Length',
        `${lengthText(period.toMs - period.fromMs)}${incident.resolvedAt === undefined ? ' so far' : ''}`,
      ],
    ],
  )
}

function seenText({ impact: { seenFrom }, period }: Postmortem): string[] {
  const counted =
    'Counts are differences of the counters as they were scraped, from the last scrape before it began to the first one after it ended; restarts are taken into account. Requests that reached no gateway are in no figure.'
  if (seenFrom === undefined) return [counted]
  return [
    counted,
    `**Prometheus has data only from ${timeText(seenFrom)} on, ${lengthText(seenFrom - period.fromMs)} after it began: the counts are too small.**`,
  ]
}

function detectionText({ incident, alerts, observedAlerts }: Postmortem): string[] {
  const { begunAt, detectedAt } = incident
  const [first] = alerts
  const how = first
    ? `by the alert ${plain(nameOf(first.labels))}, which fired ${lengthText(first.startsAt - begunAt)} after it began`
    : 'by a person'
  const unlinked = observedAlerts.map(
    ({ labels, begin }) => `- ${plain(nameOf(labels))}, ${lengthText(begin - begunAt)} after it began`,
  )
  return [
    `Detected ${lengthText(detectedAt - begunAt)} after it began, ${how}.`,
    ...(alerts.length > 1 ? [`${alerts.length} alerts belong to it.`] : []),
    ...(first === undefined && unlinked.length > 0
      ? ['Prometheus saw alerts begin during it, and none of them belongs to it:', unlinked.join('\n')]
      : []),
    place('how it could have been detected earlier'),
  ]
}

function causeText({ triggers, incident }: Postmortem): string[] {
  const lines = (triggers ?? []).map(({ kind, name, service, begin }) => {
    const ms = begin - incident.begunAt
    const when = ms < 0 ? `${lengthText(-ms)} before it began` : `${lengthText(ms)} after it began`
    return `- ${kind} ${plain(name)} of ${plain(service)} at ${timeText(begin)}, ${when}`
  })
  return [
    ...(lines.length > 0
      ? ['What changed around that time; being near is no proof:', lines.join('\n')]
      : [
          triggers
            ? 'Prometheus saw no deploy and no fault around that time.'
            : 'It is not known what changed around that time.',
        ]),
    place('which conditions had to come together, and what set it off'),
  ]
}

function plotText({ title, query, link, missing }: Plot, image: string): string {
  const note = missing === undefined ? '' : `\n\nNot known: ${plain(missing)}`
  return `### ${title}\n\n![${title}](${image})${note}\n\n\`\`\`promql\n${query}\n\`\`\`\n\n[Open the query](${link})`
}

function actionsText({ actions, incident }: Postmortem): string[] {
  const command = `npm run sre -- actions add ${incident.id} "TEXT" --owner NAME --due 2026-12-31 --priority P1`
  if (actions.length === 0) return [place(`what makes it rarer, shorter or smaller: ${command}`)]
  return [
    markdownTable(
      ['ID', 'Action', 'Owner', 'Due', 'Priority', 'State'],
      actions.map(({ id, text, owner, dueAt, priority, doneAt, overdue }) => [
        String(id),
        plain(text),
        plain(owner),
        dayText(dueAt),
        `P${priority}`,
        doneAt !== undefined ? 'done' : overdue ? 'overdue' : 'open',
      ]),
    ),
  ]
}

function listText(sentences: string[], wanted: string): string {
  return [...sentences.map((sentence) => `- ${plain(sentence)}`), place(wanted)].join('\n')
}

function place(wanted: string): string {
  return `${PLACE}${wanted} -->`
}
