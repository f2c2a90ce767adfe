import type { Episode } from '../observed/episodes.ts'
import { lengthText, timeText } from '../text.ts'
import { type Html, html, table } from './html.ts'

const SHOWN = 30

/** Newest first; what goes on stands out. */
export function renderEpisodes(
  episodes: Episode[],
  { now, none, going }: { now: number; none: string; going: 'bad' | 'warn' },
): Html {
  if (episodes.length === 0) return html`<p class="card">${none}</p>`
  const newest = episodes.toSorted((one, other) => other.begin - one.begin).slice(0, SHOWN)
  return table(
    ['what', 'service', 'begun', 'length', ''],
    newest.map(
      ({
        name,
        service,
        begin,
        end,
        labels,
      }) => html`<tr><td>${name}${labels.slo && labels.slo !== service ? ` ${labels.slo}` : ''}</td><td>${service}</td>
<td class="at">${timeText(begin)}</td><td>${lengthText((end ?? now) - begin)}</td>
<td>${end === undefined ? html`<span class="state ${going}">now</span>` : 'over'}</td></tr>`,
    ),
  )
}
