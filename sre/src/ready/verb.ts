import { readLengthOption } from '../length-option.ts'
import { UsageError, type Verb } from '../verb.ts'
import { computeReadiness, fixOf, type Readiness } from './readiness.ts'
import { readinessText } from './text.ts'

export const verb: Verb = {
  usage: `npm run sre -- ready [--service NAME] [--max-age 30d]

The operational readiness review: is the system ready to be run? Each line is pass, FAIL, unknown or n/a (does not apply to this kind
of system, and does not count), with what was seen and when. A check fails where its source answers and has no proof.

Exit codes: 0 all pass, 1 one fails, 2 none fails and one is unknown.

  --service NAME  only this service; the checks of the whole system remain
  --max-age 30d   how old a proof may be, such as a measured capacity or a rehearsed failure`,
  options: { service: { type: 'string' }, 'max-age': { type: 'string' } },
  async run(context, { values, positionals }) {
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one argument too many`)
    const service = typeof values.service === 'string' ? { service: values.service } : {}
    const readiness = await computeReadiness(context, {
      ...service,
      maxAgeMs: readLengthOption('max-age', values['max-age'], { fallback: '30d' }),
    })
    const { fail, unknown } = readiness.counts
    return {
      ok: fail === 0,
      unknown: fail === 0 && unknown > 0,
      text: readinessText(readiness, context.colors),
      json: readinessJson(readiness),
    }
  },
}

function readinessJson({ at, services, results, counts }: Readiness): unknown {
  return {
    at: new Date(at).toISOString(),
    services,
    counts: {
      pass: counts.pass,
      fail: counts.fail,
      unknown: counts.unknown,
      notApplicable: counts['not applicable'],
    },
    checks: results.map((result) => ({
      id: result.check.id,
      question: result.check.question,
      status: result.status,
      evidence: result.evidence,
      at: result.at === undefined ? null : new Date(result.at).toISOString(),
      risk: result.check.risk,
      fix: fixOf(result) ?? null,
    })),
  }
}
