import type { Status } from '../ready/check.ts'
import type { Readiness } from '../ready/readiness.ts'
import { timeText } from '../text.ts'
import { type Html, html, table } from './html.ts'

const CLASS: Record<Status, string> = { pass: 'good', fail: 'bad', unknown: 'warn', 'not applicable': 'soft' }

export function renderReadiness({ results, counts }: Readiness): Html {
  const counted = results.length - counts['not applicable']
  return html`<p><span class="big">${counts.pass} of ${counted}</span> pass, ${counts.fail} fail, ${counts.unknown} unknown.</p>
<details><summary>all ${results.length} lines</summary>${table(
    ['', 'question', 'evidence', 'fix'],
    results.map(
      ({
        check,
        status,
        evidence,
        at,
        fix,
      }) => html`<tr><td><span class="state ${CLASS[status]}">${status}</span></td>
<td>${check.question}</td><td>${evidence}${at === undefined ? '' : ` (${timeText(at)})`}</td><td>${status === 'fail' ? (fix ?? check.fix) : ''}</td></tr>`,
    ),
  )}</details>`
}
