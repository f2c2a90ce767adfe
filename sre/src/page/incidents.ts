import type { Incident } from '../incident/incident.ts'
import { lengthText, timeText } from '../text.ts'
import type { OpenIncident } from './gather.ts'
import { type Html, html, table } from './html.ts'

const SHOWN_UPDATES = 40

/** Open incidents with their timelines. */
export function renderOpen(incidents: OpenIncident[], now: number, isServed: boolean): Html {
  if (incidents.length === 0)
    return html`<p class="card"><span class="state good">none</span> No incident is open.</p>`
  return html`<ul class="cards">${incidents.map(({ incident, timeline }) => {
    const updates = timeline.slice(-SHOWN_UPDATES)
    return html`<li class="card"><h3>${linkTo(incident, isServed)} ${incident.title}</h3>
<div><span class="state ${incident.severity <= 2 ? 'bad' : 'warn'}">SEV${incident.severity}</span> <span class="state">${incident.status}</span></div>
<dl>
<dt>services</dt><dd>${incident.services.join(', ') || 'unknown'}</dd>
<dt>commander</dt><dd>${incident.commander ?? 'none yet'}</dd>
<dt>begun</dt><dd>${timeText(incident.begunAt)}, as the ${incident.begunBy} says</dd>
<dt>detected</dt><dd>after ${lengthText(incident.detectedAt - incident.begunAt)}</dd>
<dt>open for</dt><dd>${lengthText(now - incident.begunAt)}</dd>
</dl>
<details><summary>timeline (${updates.length})</summary><ol class="timeline">${updates.map(
      ({ at, author, text }) =>
        html`<li><span class="soft">${timeText(at).slice(11)} ${author}</span> ${text}</li>`,
    )}</ol></details></li>`
  })}</ul>`
}

/** Incidents of the last 30 days that are over. */
export function renderResolved(incidents: Incident[], isServed: boolean): Html {
  if (incidents.length === 0) return html`<p class="card">No incident was resolved within 30 days.</p>`
  return table(
    ['incident', 'severity', 'title', 'begun', 'to detect', 'to restore'],
    incidents.map(
      (incident) => html`<tr><td>${linkTo(incident, isServed)}</td><td>SEV${incident.severity}</td>
<td>${incident.title}</td><td class="at">${timeText(incident.begunAt)}</td>
<td>${lengthText(incident.detectedAt - incident.begunAt)}</td>
<td>${incident.resolvedAt === undefined ? '' : lengthText(incident.resolvedAt - incident.begunAt)}</td></tr>`,
    ),
  )
}

/** A file has no page of each incident. */
function linkTo({ id }: Incident, isServed: boolean): Html {
  return isServed ? html`<a href="/incidents/${id}">${id}</a>` : html`${id}`
}
