import { type Listed, listExperiments } from '../../chaos/list.ts'
import { lengthText } from '../../text.ts'
import type { Check } from '../check.ts'

const SHOWN = 3

export const failuresRehearsed: Check = {
  id: 'failures-rehearsed',
  question: 'Has each failure of the catalogue been rehearsed, and did its hypothesis hold?',
  risk: 'What happens when a dependency fails is found out by buyers.',
  weight: 3,
  fix: '`npm run sre -- chaos list` names them, `npm run sre -- chaos run NAME` rehearses one',
  run({ context, maxAgeMs }) {
    const now = context.now()
    const catalogue = listExperiments(context)
    if (catalogue.length === 0) return { status: 'fail', evidence: 'sre/experiments has none', at: now }
    const all = catalogue.filter(
      ({ systems, problem }) => problem !== null || systems.includes(context.system),
    )
    if (all.length === 0) {
      return { status: 'not applicable', evidence: `none of ${catalogue.length} is for ${context.system}` }
    }
    const wrong = all.flatMap((one) => {
      const why = reasonOf(one, now, maxAgeMs)
      return why === undefined ? [] : [`${one.name} ${why}`]
    })
    if (wrong.length === 0) {
      const oldest = Math.min(...all.map(({ last }) => last?.at ?? now))
      return { status: 'pass', evidence: `all of ${all.length} held`, at: oldest }
    }
    const listed = wrong.slice(0, SHOWN).join(', ') + (wrong.length > SHOWN ? ', …' : '')
    return {
      status: 'fail',
      evidence: `${all.length - wrong.length} of ${all.length} held; ${listed}`,
      at: now,
    }
  },
}

function reasonOf({ problem, last }: Listed, now: number, maxAgeMs: number): string | undefined {
  if (problem !== null) return 'cannot be read'
  if (!last) return 'never ran'
  if (last.outcome !== 'held') return last.outcome ?? 'runs'
  return now - last.at > maxAgeMs ? `held ${lengthText(now - last.at)} ago` : undefined
}
