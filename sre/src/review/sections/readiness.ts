import { markdownTable, plain } from '../../markdown.ts'
import { levelText } from '../../maturity/text.ts'
import { scoreText } from '../../ready/text.ts'
import { timeText } from '../../text.ts'
import type { Section } from '../section.ts'

export const readinessSection: Section = {
  title: 'Readiness and maturity',
  write({ readiness: { results, counts }, maturity }) {
    return [
      `${scoreText(counts)} (\`npm run sre -- ready\`). ` +
        `The least mature area is on level ${levelText(maturity.level)} (\`npm run sre -- maturity\`).`,
      markdownTable(
        ['check', 'status', 'seen at', 'evidence'],
        results
          .filter(({ status }) => status !== 'not applicable')
          .map(({ check, status, at, evidence }) => [
            check.id,
            status === 'pass' ? status : `**${status}**`,
            at === undefined ? '' : timeText(at),
            plain(evidence),
          ]),
      ),
      markdownTable(
        ['area', 'level', 'the next one needs'],
        maturity.areas.map(({ name, level, missing }) => [
          name,
          levelText(level),
          missing.map(({ check }) => check.id).join(', ') || 'nothing',
        ]),
      ),
    ]
  },
}
