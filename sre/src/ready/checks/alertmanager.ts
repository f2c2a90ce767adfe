import { parse } from 'yaml'
import { CannotTell } from '../../verb.ts'
import type { Check } from '../check.ts'

const TIMEOUT_MS = 5000

export const alertmanager: Check = {
  id: 'alertmanager',
  question: 'Do alerts reach a receiver?',
  risk: 'Alerts fire, and they reach no person.',
  weight: 3,
  fix: 'Name Alertmanager in monitoring/prometheus/prometheus.yml, and give its default receiver a webhook or an address',
  async run({ context: { prometheus, alertmanagerUrl, now } }) {
    const { activeAlertmanagers } = (await prometheus.get('/api/v1/alertmanagers')) as {
      activeAlertmanagers: { url: string }[]
    }
    if (activeAlertmanagers.length === 0) {
      return { status: 'fail', evidence: 'Prometheus knows no Alertmanager', at: now() }
    }
    const { receiver, integrations } = await readDefaultReceiver(alertmanagerUrl)
    return {
      status: integrations > 0 ? 'pass' : 'fail',
      evidence:
        integrations > 0
          ? `Prometheus sends to ${activeAlertmanagers.length}; the receiver ${receiver} has ${integrations} to tell`
          : `the default receiver ${receiver} has no address`,
      at: now(),
    }
  },
}

async function readDefaultReceiver(url: string): Promise<{ receiver: string; integrations: number }> {
  const looked = `${url}/api/v2/status`
  const answer = await fetch(looked, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined)
  if (!answer?.ok) {
    throw new CannotTell(`Alertmanager answers ${answer?.status ?? 'nothing'}`, looked)
  }
  const { config } = (await answer.json()) as { config: { original: string } }
  const { route, receivers = [] } = parse(config.original) as Configuration
  const { name, ...integrations } = receivers.find(({ name }) => name === route?.receiver) ?? { name: 'none' }
  return { receiver: name, integrations: Object.values(integrations).flat().length }
}

interface Configuration {
  route?: { receiver: string }
  receivers?: { name: string; [integrations: string]: unknown }[]
}
