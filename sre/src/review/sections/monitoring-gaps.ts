import { readRuns } from '../../chaos/journal.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { type Episode, observeAlerts, observeFaults } from '../../observed/episodes.ts'
import { lengthText, timeText } from '../../text.ts'
import type { ReviewSource, Section } from '../section.ts'

/** The windows of the alerts look back for five minutes. */
const AFTERWARDS_MS = 5 * 60_000
const SHOWN = 15

interface Disturbance {
  what: string
  begin: number
  /** undefined: it goes on */
  end: number | undefined
}

export const monitoringGaps: Section = {
  title: 'Gaps in monitoring',
  async write(source) {
    const { context, period, readiness } = source
    const alerts = await observeAlerts(context.prometheus, period)
    const faults = await observeFaults(context.prometheus, period)
    const all = [
      ...experiments(source),
      ...faults.map(({ name, service, begin, end }) => ({ what: `${service}: ${plain(name)}`, begin, end })),
    ].sort((a, b) => b.begin - a.begin)
    const failed = readiness.results.filter(
      ({ check, status }) => MONITORING_CHECKS.includes(check.id) && status !== 'pass',
    )
    return [
      ...(all.length === 0
        ? [
            'Nothing was injected in this time, so that it is not known which failures would go without an alert.',
          ]
        : disturbancesText(all, alerts)),
      ...(failed.length === 0
        ? [`The checks of monitoring pass: ${MONITORING_CHECKS.join(', ')}.`]
        : [
            failed
              .map(({ check, status, evidence }) => `- ${check.id} (${status}): ${plain(evidence)}`)
              .join('\n'),
          ]),
    ]
  },
}

const MONITORING_CHECKS = [
  'services-scraped',
  'rules-loaded',
  'services-alerted',
  'alertmanager',
  'dashboards',
]

function disturbancesText(all: Disturbance[], alerts: Episode[]): string[] {
  const seen = all.map((one) => ({ ...one, alert: firstAlert(one, alerts) }))
  const silent = seen.filter(({ alert }) => !alert)
  return [
    `${silent.length} of ${all.length} injected failures had no alert ` +
      `that began between their begin and ${lengthText(AFTERWARDS_MS)} after their end. ` +
      'One that buyers do not notice needs none; an alert of another cause in that time counts too.',
    markdownTable(
      ['injected', 'at', 'for', 'first alert', 'after'],
      seen
        .slice(0, SHOWN)
        .map(({ what, begin, end, alert }) => [
          what,
          timeText(begin),
          durationText(begin, end),
          alert ? plain(alert.name) : 'none',
          alert ? lengthText(alert.begin - begin) : '',
        ]),
    ),
    ...(all.length > SHOWN ? [`And ${all.length - SHOWN} earlier ones.`] : []),
  ]
}

function durationText(begin: number, end: number | undefined): string {
  if (end === undefined) return 'goes on'
  return end === begin ? 'one scrape' : lengthText(end - begin)
}

function firstAlert({ begin, end = Infinity }: Disturbance, alerts: Episode[]): Episode | undefined {
  return alerts
    .filter((alert) => alert.begin >= begin && alert.begin <= end + AFTERWARDS_MS)
    .toSorted((a, b) => a.begin - b.begin)[0]
}

function experiments({ context, period }: ReviewSource): Disturbance[] {
  return readRuns(context.store).flatMap(({ name, stampedAt, data: { injectedAt, rolledBackAt, system } }) =>
    injectedAt !== undefined && stampedAt >= period.fromMs && system === context.system
      ? [{ what: `experiment ${plain(name)}`, begin: injectedAt, end: rolledBackAt }]
      : [],
  )
}
