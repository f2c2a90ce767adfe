import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type GridPos,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { RUNBOOKS_UID } from '../runbooks.ts'
import { CHOSEN_SOURCE, ofEveryService, PROMETHEUS } from './sources.ts'

const TAG = 'quickticket'
const WIDTH = 24
/** Rows are numbered from here, so that a new row leaves the numbers of panels, and links to them, as they are. */
const FIRST_ROW_ID = 1001

export interface Frame {
  uid: string
  title: string
  description: string
  variables?: Builder<VariableModel>[]
  /** shown from the left, top to bottom */
  rows: Row[]
}

export interface Row {
  title: string
  /** in units of the grid, each 30 px */
  height: number
  /** panels in one line; all of them unless it is said */
  across?: number
  /** of each panel, in 24ths of the page; equal unless it is said */
  widths?: number[]
  panels: (Builder<Panel> & { gridPos(at: GridPos): unknown; id(id: number): unknown })[]
}

/** A dashboard with what all of them share: time, links, annotations, and panels of a row side by side at the same width. */
export function frame({ uid, title, description, variables = [], rows }: Frame): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-30m', to: 'now' })
    .refresh('10s')
    .editable()
    .variables([sourceVariable(), ...variables])
    .annotations([faults(), deploys(), firingAlerts()])
    .links([
      new DashboardLinkBuilder('QuickTicket').type(DashboardLinkType.Dashboards).tags([TAG]).keepTime(true),
      new DashboardLinkBuilder('Runbooks').type(DashboardLinkType.Link).icon('doc').url(`/d/${RUNBOOKS_UID}`),
      // the page of npm run sre -- serve, on the machine of the browser
      new DashboardLinkBuilder('Reliability')
        .type(DashboardLinkType.Link)
        .icon('external link')
        .targetBlank(true)
        .url('http://localhost:3090/'),
    ])
  let y = 0
  let id = 1
  for (const [index, { title, height, panels, across = panels.length, widths }] of rows.entries()) {
    const header = new RowBuilder(title).id(FIRST_ROW_ID + index).gridPos({ x: 0, y, w: WIDTH, h: 1 })
    dashboard.withRow(header)
    y += 1
    const w = Math.floor(WIDTH / across)
    for (const [place, panel] of panels.entries()) {
      panel.id(id++)
      const x = widths ? sum(widths.slice(0, place)) : (place % across) * w
      panel.gridPos({ x, y: y + Math.floor(place / across) * height, w: widths?.[place] ?? w, h: height })
      dashboard.withPanel(panel)
    }
    y += Math.ceil(panels.length / across) * height
  }
  return inSight(dashboard.build())
}

/** Which Prometheus, for a Grafana that has several. */
const sourceVariable = () =>
  new DatasourceVariableBuilder('datasource')
    .label('Source')
    .type(PROMETHEUS.type)
    .current({ selected: true, text: 'Prometheus', value: PROMETHEUS.uid })

/** The instances of a job, for CHOSEN_INSTANCES. */
export const instanceVariable = (job: string) =>
  new QueryVariableBuilder('instance')
    .label('Instance')
    .datasource(CHOSEN_SOURCE)
    .query({ query: `label_values(up{job="${job}"}, instance)`, refId: 'instance' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' })

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** The SDK puts links and annotations into a menu unless nothing is said of their place. */
function inSight(dashboard: Dashboard): Dashboard {
  const places = [...(dashboard.links ?? []), ...(dashboard.annotations.list ?? [])]
  for (const shown of places) delete shown.placement
  return dashboard
}

function faults(): AnnotationQueryBuilder {
  return annotation('Faults', 'orange', `max by (job, fault) (${ofEveryService('fault_active')}) > 0`)
    .titleFormat('fault: {{fault}}')
    .textFormat('injected into {{job}}')
}

/** A version that was not there a minute ago; also what a service starts with. */
function deploys(): AnnotationQueryBuilder {
  const versions = (offset: string) => `max by (job, version) (${ofEveryService('build_info')}${offset})`
  return annotation('Deploys', 'blue', `${versions('')} unless ${versions(' offset 1m')}`)
    .titleFormat('{{job}} {{version}}')
    .textFormat('a version that was not there before')
}

function firingAlerts(): AnnotationQueryBuilder {
  return annotation('Alerts', 'red', 'max by (alertname, severity) (ALERTS{alertstate="firing"})')
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}}')
}

function annotation(name: string, color: string, expression: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(CHOSEN_SOURCE)
    .enable(true)
    .iconColor(color)
    .target(new DataqueryBuilder().refId('Anno').expr(expression).interval('15s').range())
}
