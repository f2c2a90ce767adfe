import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import { LogsSortOrder } from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder, TextBoxVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs'
import { DataqueryBuilder as LokiQuery } from '@grafana/grafana-foundation-sdk/loki'
import { RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units'
import { frame } from './frame.ts'
import { stacked, timeSeries } from './panels.ts'
import { BUYERS, JAEGER, LOKI, ofEveryService, TRAFFIC } from './sources.ts'

/** Give an id: the trace with it, the log lines of all services, and what the metrics show of the same time. */
export function oneRequest() {
  return frame({
    uid: 'quickticket-one-request',
    title: 'QuickTicket — One request',
    description:
      'One request by its id: x-request-id or trace_id of an answer, a log line or an exemplar. The time range must contain it.',
    variables: [idVariable()],
    rows: [
      { title: 'Trace', height: 14, panels: [trace()] },
      { title: 'Log lines', height: 10, panels: [lines()] },
      { title: 'Traces with this request id', height: 6, panels: [traces()] },
      { title: 'At the same time', height: 8, panels: [requests(), durations(), errors()] },
    ],
  })
}

const idVariable = () =>
  new TextBoxVariableBuilder('id')
    .label('Id')
    .description('The header x-request-id of an answer, or a trace id.')
    .defaultValue('')

const trace = () =>
  new PanelBuilder()
    .type('traces')
    .title('Trace')
    .description('What each service did for it, when. The id must be the trace id.')
    .datasource(JAEGER)
    .targets([jaegerQuery({ query: '$id' })])

const lines = () =>
  new Logs()
    .title('Log lines')
    .description('The lines of all services that have the id as request_id or trace_id, in their order.')
    .datasource(LOKI)
    .showTime(true)
    .sortOrder(LogsSortOrder.Ascending)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .targets([
      new LokiQuery()
        .refId('A')
        .datasource(LOKI)
        .expr('{service=~".+"} | trace_id="$id" or request_id="$id"')
        .queryType('range')
        .maxLines(1000),
    ])

/** A client may choose a request id that is no trace id, and use it more than once. */
const traces = () =>
  new PanelBuilder()
    .type('table')
    .title('Traces with this request id')
    .description('Needed only if the id is an x-request-id that the client has chosen.')
    .datasource(JAEGER)
    .targets([
      jaegerQuery({
        queryType: 'search',
        service: 'gateway',
        tags: 'quickticket.request_id=$id',
        limit: 20,
      }),
    ])

const requests = () =>
  stacked(
    {
      title: 'Requests',
      description: 'Answers of the gateway by path and status, per second.',
      unit: RequestsPerSecond,
    },
    [
      {
        expr: `sum by (path, status) (rate(gateway_requests_total{${BUYERS}}[$__rate_interval]))`,
        legend: '{{path}} {{status}}',
      },
    ],
  )

const durations = () =>
  timeSeries(
    {
      title: 'p99 by service',
      description: 'Where time was spent. A point is the trace of one request.',
      unit: Seconds,
    },
    [
      {
        expr:
          'histogram_quantile(0.99, sum by (job, le) ' +
          `(rate(${ofEveryService('request_duration_seconds_bucket', TRAFFIC)}[$__rate_interval])))`,
        legend: '{{job}}',
        exemplars: true,
      },
    ],
  )

const errors = () =>
  stacked(
    { title: '5xx by service', description: 'Where errors began, per second.', unit: RequestsPerSecond },
    [
      {
        expr: `sum by (job) (rate(${ofEveryService('requests_total', `${TRAFFIC}, status=~"5.."`)}[$__rate_interval]))`,
        legend: '{{job}}',
      },
    ],
  )

/** The fields of a query as Grafana's Jaeger data source has them; the SDK has no type for it. */
interface JaegerQuery {
  /** a trace id */
  query?: string
  queryType?: 'search'
  service?: string
  /** name=value */
  tags?: string
  limit?: number
}

function jaegerQuery(query: JaegerQuery): Builder<Dataquery> {
  return {
    build: () => ({ refId: 'A', datasource: JAEGER, ...query, _implementsDataqueryVariant() {} }),
  }
}
