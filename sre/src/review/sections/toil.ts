import { markdownTable, plain } from '../../markdown.ts'
import { lengthText, percentText } from '../../text.ts'
import { reportToil, TOIL_LIMIT } from '../../toil/toil.ts'
import { CannotTell } from '../../verb.ts'
import type { Section } from '../section.ts'

const HOURS_PER_WEEK = 40
const WEEK_MS = 7 * 24 * 3600_000

export const toil: Section = {
  title: 'Toil',
  write({ context: { store }, period }) {
    const windowMs = period.toMs - period.fromMs
    const report = reportToil(store, { windowMs, hoursPerWeek: HOURS_PER_WEEK }, period.toMs)
    if (report.tasks.length === 0) {
      throw new CannotTell('no toil was written down in this time: npm run sre -- toil add', store.path)
    }
    const weeks = windowMs / WEEK_MS
    return [
      markdownTable(
        ['task', 'times a week', 'minutes each', 'a program can do it', 'saves a month'],
        report.tasks.map(({ task, count, minutes, automatable, minutesPerMonth }) => [
          plain(task),
          String(Number((count / weeks).toPrecision(2))),
          String(Number((minutes / count).toPrecision(2))),
          automatable ? 'yes' : 'no',
          automatable ? lengthText(minutesPerMonth * 60_000) : '',
        ]),
      ),
      `${percentText(report.share, 1)} of the time of ${report.people} with ${HOURS_PER_WEEK} hours a week, ` +
        `${report.overLimit ? 'above' : 'within'} the limit of ${percentText(TOIL_LIMIT)}. Source: \`npm run sre -- toil report\`.`,
    ]
  },
}
