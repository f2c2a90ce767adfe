import type { Prometheus } from '../../prometheus.ts'
import type { Check } from '../check.ts'
import { readDashboards } from '../system/dashboard-queries.ts'

/** Some panels are empty as long as all is well. */
const ENOUGH = 0.5

export const dashboards: Check = {
  id: 'dashboards',
  question: 'Do at least half of the queries of each dashboard have data?',
  risk: 'Those on call look at empty panels.',
  weight: 2,
  fix: 'Send requests (`npm run load`), then compare the queries with /metrics; `npm run dashboards` writes the files',
  async run({ context: { prometheus, now } }) {
    const all = []
    // one dashboard after the other: together they are a hundred queries
    for (const { name, queries } of readDashboards()) {
      const answers = await Promise.all(queries.map((query) => hasData(prometheus, query)))
      all.push({ name, asked: queries.length, filled: answers.filter(Boolean).length })
    }
    const isEmpty = all.some(({ asked, filled }) => filled < asked * ENOUGH)
    const counts = all.map(({ name, asked, filled }) => `${name} ${filled} of ${asked}`).join(', ')
    return { status: isEmpty ? 'fail' : 'pass', evidence: counts, at: now() }
  },
}

async function hasData(prometheus: Prometheus, query: string): Promise<boolean> {
  return (await prometheus.query(query)).length > 0
}
