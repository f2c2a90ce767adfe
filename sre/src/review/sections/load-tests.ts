import type { Knee } from '../../capacity/knee.ts'
import { markdownTable, plain } from '../../markdown.ts'
import { timeText } from '../../text.ts'
import { CannotTell } from '../../verb.ts'
import type { Section } from '../section.ts'

export const loadTests: Section = {
  title: 'Load tests',
  write({ context: { store }, period }) {
    const rows = store.all<{ data: string }>(
      "SELECT data FROM evidence WHERE kind = 'knee' AND at >= ? ORDER BY at DESC",
      period.fromMs,
    )
    if (rows.length === 0) {
      throw new CannotTell(
        'no search for the limit was recorded in this time: npm run load -- --until-breaks --refill --json FILE, ' +
          'then npm run sre -- capacity --knee FILE',
        store.path,
      )
    }
    const knees = rows.map(({ data }) => JSON.parse(data) as Knee)
    return [
      markdownTable(
        ['measured at', 'level that held', 'requests/s', 'p99', 'the next level'],
        knees.map(({ measuredAt, level, unit, requestsPerSecond, p99Ms, brokenBy }) => [
          timeText(measuredAt),
          `${level} ${unit}`,
          requestsPerSecond.toFixed(0),
          `${p99Ms.toFixed(0)} ms`,
          brokenBy === undefined ? 'no level broke' : plain(brokenBy),
        ]),
      ),
      'The machine that the load came from is not recorded: name it here.',
    ]
  },
}
