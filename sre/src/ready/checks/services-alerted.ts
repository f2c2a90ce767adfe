import type { Check } from '../check.ts'

export const servicesAlerted: Check = {
  id: 'services-alerted',
  question: 'Is there an alert that looks at each service?',
  risk: 'A service without an alert fails until a buyer complains.',
  weight: 3,
  fix: 'Write an alert for it in monitoring/prometheus/rules/system.yml, with a runbook',
  async run({ services, rules, context: { now } }) {
    const all = await rules()
    // an objective's alert looks at recorded series, which look at the service
    const queryOf = new Map(all.map(({ name, expr }) => [name, expr]))
    const alerts = all.filter(({ isAlert }) => isAlert)
    const found = services.map((service) => {
      const word = new RegExp(`\\b${service}(\\b|_)`)
      const names = alerts
        .filter(
          ({ expr }) =>
            word.test(expr) || [...queryOf].some(([name]) => word.test(name) && expr.includes(name)),
        )
        .map(({ name }) => name)
      return { service, names: [...new Set(names)] }
    })
    const without = found.filter(({ names }) => names.length === 0).map(({ service }) => service)
    return {
      status: without.length === 0 ? 'pass' : 'fail',
      evidence:
        without.length > 0
          ? `none for ${without.join(', ')}`
          : `alerts: ${found.map(({ service, names }) => `${service} ${names.length}`).join(', ')}`,
      at: now(),
    }
  },
}
