import { readObjectives } from '../../objectives.ts'
import type { Check } from '../check.ts'

export const objectives: Check = {
  id: 'objectives',
  question: 'Are objectives declared and recorded, and do they have data?',
  risk: 'Without a number it is a matter of opinion whether buyers are served well enough.',
  weight: 2,
  fix: 'Declare them in monitoring/slo, `npm run slo`, reload Prometheus; send requests (`npm run load`) where there are none',
  async run({ context: { prometheus, now } }) {
    const declared = readObjectives()
    const recorded = await valuesBySlo('slo:objective:ratio')
    const measured = await valuesBySlo('slo:sli_error:ratio_rate5m')
    const wrong = declared.flatMap(({ name, objective }) => {
      if (!recorded.has(name)) return [`${name} is not recorded`]
      if (Math.abs((recorded.get(name) ?? 0) - objective) > 1e-9)
        return [`${name} is recorded with another target`]
      return measured.has(name) ? [] : [`${name} has had no requests for 5 minutes`]
    })
    if (declared.length === 0) return { status: 'fail', evidence: 'monitoring/slo declares none', at: now() }
    return {
      status: wrong.length === 0 ? 'pass' : 'fail',
      evidence: wrong.join(', ') || declared.map(({ name }) => name).join(', '),
      at: now(),
    }

    async function valuesBySlo(series: string): Promise<Map<string | undefined, number>> {
      const samples = await prometheus.query(`max by (slo) (${series})`)
      return new Map(
        samples.filter(({ value }) => !Number.isNaN(value)).map(({ labels, value }) => [labels.slo, value]),
      )
    }
  },
}
