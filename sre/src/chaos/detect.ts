import type { PlannedProbe } from './experiment.ts'
import type { Probe } from './probe.ts'
import type { Detection } from './settings.ts'

/** How many alerts of this name fire. */
const FIRING: Probe<string> = {
  kind: 'alert',
  describe: queryOf,
  read: (provider) => String(provider.alert),
  measure: (context, alert) => context.prometheus.value(queryOf(alert)),
}

/** The probe for the alert that an experiment expects; before the injection it must not fire. */
export function alertProbe({ alert }: Detection): PlannedProbe {
  return { name: `alert ${alert}`, probe: FIRING, args: alert, tolerance: { type: 'equals', value: 0 } }
}

function queryOf(alert: string): string {
  return `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`
}
