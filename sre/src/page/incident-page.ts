import type { Details } from '../incident/details.ts'
import { lengthText, timeText } from '../text.ts'
import { document } from './document.ts'
import { type Html, html, table } from './html.ts'

/**
 * The page of one incident, with all of its timeline.
 *
 * @param trouble why the database cannot be used, so that what is shown may be old
 */
export function renderIncidentPage(
  { incident, timeline }: Details,
  { now, trouble }: { now: number; trouble: string | null },
): string {
  const moments: [string, number | undefined][] = [
    [`begun, as the ${incident.begunBy} says`, incident.begunAt],
    ['detected', incident.detectedAt],
    ['acknowledged', incident.acknowledgedAt],
    ['mitigated', incident.mitigatedAt],
    ['its alerts have resolved', incident.proposedResolutionAt],
    ['resolved', incident.resolvedAt],
  ]
  return document({
    title: `${incident.id} ${incident.title}`,
    subtitle: `as of ${timeText(now)}`,
    refreshS: undefined,
    body: [
      trouble === null
        ? html``
        : html`<p class="card"><span class="state bad">may be old</span> This was read last. ${trouble}</p>`,
      html`<p><span class="state ${incident.severity <= 2 ? 'bad' : 'warn'}">SEV${incident.severity}</span>
<span class="state">${incident.status}</span> <span class="soft">services: ${incident.services.join(', ') || 'unknown'};
commander: ${incident.commander ?? 'none yet'}</span></p>
<p><a href="/">All of the page</a>, <code>npm run sre -- incident show ${incident.id}</code>, <code>npm run sre -- postmortem ${incident.id}</code></p>`,
      html`<section><h2>Times</h2>${table(
        ['', 'at', 'after'],
        moments.flatMap((moment) => renderMoment(moment, incident.begunAt)),
      )}</section>`,
      html`<section><h2>Timeline</h2>${table(
        ['at', 'by', 'what'],
        timeline.map(
          ({ at, author, text }) =>
            html`<tr><td class="at">${timeText(at)}</td><td>${author}</td><td class="text">${text}</td></tr>`,
        ),
      )}</section>`,
    ],
  })
}

function renderMoment([name, at]: [string, number | undefined], begunAt: number): Html[] {
  if (at === undefined) return []
  return [
    html`<tr><td>${name}</td><td class="at">${timeText(at)}</td><td>${lengthText(at - begunAt)}</td></tr>`,
  ]
}
