import { harmless, lengthText, paint, percentText, table, timeText } from '../text.ts'
import { TOIL_LIMIT, type ToilReport } from './toil.ts'

export function toilText(report: ToilReport, colors: boolean): string {
  const { tasks, minutes, people, hoursPerWeek, share, overLimit, automateFirst } = report
  const color = paint(colors)
  const period = `${timeText(report.fromMs)} to ${timeText(report.toMs)}`
  if (tasks.length === 0) {
    return `No toil is written down from ${period}.\nsre toil add "TASK" --minutes N writes some down.`
  }
  const limit = percentText(TOIL_LIMIT)
  const answer = `${percentText(share)} of the working time is toil: ${overLimit ? 'above' : 'within'} the limit of ${limit}.`
  const time = `${minutesText(minutes)} of ${people} × ${hoursPerWeek} h a week, ${period}`
  const rows = tasks.map((task) => [
    harmless(task.task, 60),
    String(task.count),
    minutesText(task.minutes),
    percentText(task.share, 0),
    task.automatable ? 'yes' : 'no',
    task.source,
  ])
  const first = automateFirst.map(
    ({ task, minutesPerMonth }, index) =>
      `  ${index + 1}. ${harmless(task, 60)}: saves ${minutesText(minutesPerMonth)} a month; pays off within half a year if it takes less than ${minutesText(minutesPerMonth * 6)} to build`,
  )
  return [
    color(answer, overLimit ? 'red' : 'bold'),
    time,
    '',
    table([['TASK', 'TIMES', 'TIME', 'SHARE', 'AUTOMATABLE', 'SOURCE'], ...rows]),
    '',
    ...(first.length > 0
      ? ['Automate first:', ...first]
      : ['Nothing of it is marked as automatable (toil add --automatable).']),
    '',
    'Toil is work that is manual, repetitive, automatable and tactical, has no enduring value, and grows with the service.',
    `The limit is that of https://sre.google/sre-book/eliminating-toil/: at least half of the time is for engineering.`,
  ].join('\n')
}

function minutesText(minutes: number): string {
  return lengthText(minutes * 60_000)
}
