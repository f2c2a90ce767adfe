import type { Check } from '../check.ts'

export const servicesScraped: Check = {
  id: 'services-scraped',
  question: 'Does Prometheus scrape each service?',
  risk: 'A service that is not scraped can fail without an alert.',
  weight: 3,
  fix: 'Start the service, or add it to monitoring/prometheus/prometheus.yml; docs/runbooks/target-down.md finds out why',
  async run({ context: { prometheus, now }, services }) {
    const samples = await prometheus.query(`min by (job) (up{job=~"${services.join('|')}"})`)
    const isUp = new Map(samples.map(({ labels, value }) => [labels.job, value === 1]))
    const missing = services
      .filter((service) => !isUp.has(service))
      .map((service) => `${service} is no target`)
    const down = services
      .filter((service) => isUp.get(service) === false)
      .map((service) => `${service} is down`)
    const wrong = [...missing, ...down]
    return {
      status: wrong.length === 0 ? 'pass' : 'fail',
      evidence: wrong.join(', ') || `up is 1 for ${services.join(', ')}`,
      at: samples[0]?.at ?? now(),
    }
  },
}
