import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'

/** One query of a panel, as it is asked for one choice of the variables. */
export interface Target {
  /** dashboard / panel / letter of the query, to find it in Grafana */
  where: string
  expr: string
  instant: boolean
}

/** Values for the variables of dashboards: one expression becomes one for each. */
export interface Choices {
  services: readonly string[]
  slos: readonly string[]
  /** what Grafana computes from the time shown: $__rate_interval and $__range */
  rateInterval: string
  range: string
}

export function targetsOf(name: string, dashboard: Dashboard, choices: Choices): Target[] {
  return panelsOf(dashboard).flatMap(({ title, targets = [] }) =>
    (targets as Dataquery[]).flatMap(({ refId, expr, instant = false }) =>
      fillIn(expr, choices).map((filled) => ({
        where: `${name} / ${title} / ${refId}`,
        expr: filled,
        instant,
      })),
    ),
  )
}

/** The queries behind annotations, which have data only when something happened. */
export function annotationsOf(name: string, dashboard: Dashboard): Target[] {
  return (dashboard.annotations.list ?? []).map(({ name: annotation, target }) => ({
    where: `${name} / annotation ${annotation}`,
    expr: (target as Dataquery).expr,
    instant: false,
  }))
}

export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => !isRow(panel))
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row'
}

function fillIn(expr: string, { services, slos, rateInterval, range }: Choices): string[] {
  const asked = expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
    .replaceAll('$instance', '.*')
  const each = (expressions: string[], pattern: RegExp, values: readonly string[]) =>
    expressions.flatMap((one) => {
      return pattern.test(one)
        ? values.map((value) => one.replaceAll(new RegExp(pattern, 'g'), value))
        : [one]
    })
  return each(each([asked], /\$\{service\}|\$service\b/, services), /\$\{slo\}|\$slo\b/, slos)
}
