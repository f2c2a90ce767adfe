import { QueryBuilder, type Rule, RuleBuilder } from '@grafana/grafana-foundation-sdk/alerting'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import { TypeReduceBuilder, TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr'
import { DataqueryBuilder, QueryEditorMode } from '@grafana/grafana-foundation-sdk/prometheus'
import { BUYERS, PROMETHEUS } from '../dashboards/sources.ts'
import { runbookUrl } from '../runbooks.ts'

export const FOLDER = 'QuickTicket'
export const GROUP = 'quickticket'

/** Grafana's server-side expressions, which are no data source of their own. */
const EXPRESSION = { type: '__expr__', uid: '__expr__' }
const RANGE_S = 600
/** "Error Rate" of the golden signals, next to which both alerts are shown. */
const DASHBOARD = { __dashboardUid__: 'quickticket-golden-signals', __panelId__: '2' }

const ERROR_RATIO =
  `(sum(rate(gateway_requests_total{${BUYERS}, status=~"5.."}[5m])) or vector(0)) ` +
  `/ (sum(rate(gateway_requests_total{${BUYERS}}[5m])) > 0)`

/**
 * The two rules of lab 6, over what buyers ask for. With only 5xx left the ratio is 1, without traffic it has no value. A gateway
 * that is down answers no request: the first rule takes that for 100 %, before the rates have run dry.
 */
export function alertRules(): Rule[] {
  return [
    rule({
      uid: 'quickticket-high-error-rate',
      title: 'QuickTicket High Error Rate',
      expr: `100 * (max(up{job="gateway"}) == bool 0) > 0 or 100 * ${ERROR_RATIO}`,
      above: 5,
      pending: '2m',
      severity: 'critical',
      runbook: 'high-error-rate',
      summary: 'Gateway error rate is {{ printf "%.1f" $values.B.Value }} %',
      description: 'More than 5 % of requests were answered 5xx for 2 minutes.',
    }),
    rule({
      uid: 'quickticket-slo-burn-rate',
      title: 'QuickTicket SLO Burn Rate',
      // times the covered part: in a Prometheus that has just started, "30 minutes" would be the few that it has seen
      expr:
        'slo:sli_error:ratio_rate30m{slo="gateway-availability"} ' +
        '* slo:coverage:ratio30m{slo="gateway-availability"} / (1 - 0.995)',
      above: 6,
      pending: '5m',
      severity: 'warning',
      runbook: 'slo-burn-rate',
      summary: 'The error budget burns {{ printf "%.1f" $values.B.Value }} times as fast as it may',
      description:
        'At a burn rate of 6, a budget for 30 days is gone after 5, one for 7 days after 28 hours.',
    }),
  ]
}

interface RuleOptions {
  uid: string
  title: string
  expr: string
  /** fires above this value */
  above: number
  /** how long it has to be above */
  pending: string
  severity: 'critical' | 'warning'
  runbook: string
  summary: string
  description: string
}

function rule({
  uid,
  title,
  expr,
  above,
  pending,
  severity,
  runbook,
  summary,
  description,
}: RuleOptions): Rule {
  const value = new DataqueryBuilder()
    .refId('A')
    .datasource(PROMETHEUS)
    .editorMode(QueryEditorMode.Code)
    .expr(expr)
    .instant()
  const number = new TypeReduceBuilder().refId('B').datasource(EXPRESSION).expression('A').reducer('last')
  const condition = new TypeThresholdBuilder()
    .refId('C')
    .datasource(EXPRESSION)
    .expression('B')
    .conditions([{ evaluator: { type: 'gt', params: [above] } }])
  return (
    new RuleBuilder(title)
      .uid(uid)
      .ruleGroup(GROUP)
      .withQuery(query('A', PROMETHEUS.uid, value))
      .withQuery(query('B', EXPRESSION.uid, number))
      .withQuery(query('C', EXPRESSION.uid, condition))
      .condition('C')
      .forDuration(pending)
      // the expressions have no value only where there were no requests
      .noDataState('OK')
      // a Prometheus that does not answer is no good news: it must not look like it
      .execErrState('Error')
      .labels({ severity })
      .annotations({ summary, description, runbook_url: inMessages(runbookUrl(runbook)), ...DASHBOARD })
      .build()
  )
}

/** A message is read outside of Grafana, whose own address ends in a slash. */
function inMessages(path: string): string {
  return `{{ externalURL }}${path.slice(1)}`
}

function query(refId: string, datasourceUid: string, model: Builder<Dataquery>): QueryBuilder {
  return new QueryBuilder(refId)
    .datasourceUid(datasourceUid)
    .relativeTimeRange({ from: RANGE_S, to: 0 })
    .model(model)
}
