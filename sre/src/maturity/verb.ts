import { readLengthOption } from '../length-option.ts'
import { fixOf } from '../ready/readiness.ts'
import { UsageError, type Verb } from '../verb.ts'
import { AREAS, LEVELS } from './areas.ts'
import { assess, type Maturity } from './maturity.ts'
import { maturityText } from './text.ts'

export const verb: Verb = {
  usage: `npm run sre -- maturity [--max-age 30d]

How far the work on reliability has come: ${AREAS.map(({ name }) => name).join(', ')}, each on a level from
0 to 4 (${LEVELS.join(', ')}), by the checks of \`ready\` and by what is done again and again. A level is
reached when its checks and those of all levels below pass. What the next one needs is listed with its way.

  --max-age 30d  how far back is looked, and how old a proof may be`,
  options: { 'max-age': { type: 'string' } },
  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`)
    const { maturity } = await assess(context, {
      maxAgeMs: readLengthOption('max-age', values['max-age'], { fallback: '30d' }),
    })
    return { ok: true, text: maturityText(maturity, context.colors), json: maturityJson(maturity) }
  },
}

function maturityJson({ at, level, areas }: Maturity): unknown {
  return {
    at: new Date(at).toISOString(),
    level,
    levelName: LEVELS[level],
    areas: areas.map(({ name, level, missing, levels }) => ({
      name,
      level,
      levelName: LEVELS[level],
      nextNeeds: missing.map((result) => ({
        id: result.check.id,
        question: result.check.question,
        status: result.status,
        evidence: result.evidence,
        fix: fixOf(result) ?? null,
      })),
      levels: levels.map((checks, index) => ({
        level: index + 1,
        checks: checks.map(({ check, status }) => ({ id: check.id, status })),
      })),
    })),
  }
}
