import { REPOSITORY } from '../../context.ts'
import { BANDS_FROM } from '../../dora/bands.ts'
import { computeDora, type Figure } from '../../dora/compute.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { lengthText, percentText } from '../../text.ts'
import type { Section } from '../section.ts'

export const dora: Section = {
  title: 'DORA',
  async write({ context, period }) {
    const windowMs = period.toMs - period.fromMs
    const found = await computeDora(context, { windowMs, repository: REPOSITORY })
    const { frequency, leadTime, failureRate, restore, anyIncident, missing } = found
    const over = lengthText(found.toMs - found.fromMs)
    const row = (name: string, text: (value: number) => string, figure: Figure, source: string) => [
      name,
      figure.value === undefined ? 'not known' : text(figure.value),
      figure.band ?? '',
      over,
      source,
    ]
    return [
      markdownTable(
        ['metric', 'value', 'band', 'over', 'source'],
        [
          row(
            'deployment frequency',
            (value) => `${value.toFixed(1)} a week`,
            frequency,
            `${frequency.n} changes of build\\_info`,
          ),
          row('lead time for changes', lengthText, leadTime, `median of ${leadTime.n} commits`),
          row(
            'change failure rate',
            (value) => percentText(value, 1),
            failureRate,
            `${failureRate.failed} of ${failureRate.n} changes`,
          ),
          row('time to restore', lengthText, restore, `median of ${restore.n} failed changes`),
          row(
            'time to restore, whatever the cause',
            lengthText,
            anyIncident,
            `median of ${anyIncident.n} incidents`,
          ),
        ],
      ),
      ...(missing.length > 0 ? [missing.map((one) => `- Missing: ${plain(one)}`).join('\n')] : []),
      `Source: \`npm run sre -- dora\`; the bands are those of the ${BANDS_FROM}.`,
    ]
  },
}
