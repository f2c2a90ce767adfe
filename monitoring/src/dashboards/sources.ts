import { SERVICES } from '@quickticket/contract/services'
/** The uid that provisioning gives the data source; dashboards and alert rules name it. */
export const PROMETHEUS = { type: 'prometheus', uid: 'quickticket-prometheus' }

/** Those of docker-compose.observability.yaml. */
export const LOKI = { type: 'loki', uid: 'quickticket-loki' }
export const JAEGER = { type: 'jaeger', uid: 'quickticket-jaeger' }

/** In dashboards: the source that is chosen at the top, by default the one above. */
export const CHOSEN_SOURCE = { type: 'prometheus', uid: `\${datasource}` }

/** What buyers ask for, as the SLOs count it: no probes, and nothing that does not exist. */
export const BUYERS = 'path=~"/events.*|/reserve.*"'

/** The instances that are chosen at the top of a dashboard, by default all. */
export const CHOSEN_INSTANCES = 'instance=~"$instance"'

/** What clients ask any service for: no probes. /livez and /readyz are not counted at all, /health is. */
export const TRAFFIC = 'path!="/health"'

/**
 * A selector for the same metric of every service. Each service has its name in front of its metrics, so the job is what keeps
 * the series apart when rate() drops the name.
 */
export function ofEveryService(metric: string, matchers = ''): string {
  const name = `__name__=~"(${SERVICES.join('|')})_${metric}"`
  return `{${matchers ? `${name}, ${matchers}` : name}}`
}

/** An expression that is one series with the label `label="none"` where there is nothing, and so never an empty panel. */
export function orNone(expression: string, label: string): string {
  return `${expression} or on() label_replace(vector(0), "${label}", "none", "", "")`
}
