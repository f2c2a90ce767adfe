import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Gauge } from '@grafana/grafana-foundation-sdk/gauge'
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { runbookUrl } from '../runbooks.ts'
import { CHOSEN_SOURCE } from './sources.ts'

export interface PanelText {
  title: string
  /** shown as the tooltip of the panel: what it tells */
  description: string
  /** Grafana's id of the unit */
  unit: string
  /** docs/runbooks/<runbook>.md, for when it looks bad */
  runbook?: string
}

export interface Query {
  expr: string
  legend: string
  /** durations: the points that traces hang on, once the services export exemplars */
  exemplars?: boolean
}

/** The colour below the first value, then one for each value from which it changes: ['green', [7, 'yellow'], [9, 'red']]. */
export type Steps = readonly [below: Color, ...(readonly [from: number, color: Color])[]]
export type Color = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'text'

/** For what is neither good nor bad. */
export const NEUTRAL: Steps = ['blue']

const STATUS_COLORS = [
  ['^(\\S+ )?2..$', 'green'],
  ['^(\\S+ )?4..$', 'yellow'],
  ['^(\\S+ )?5..$', 'red'],
] as const

/** Lines over time, with their mean, largest and last value below. Thresholds are drawn as dashed lines. */
export function timeSeries(text: PanelText, queries: Query[], steps: Steps = NEUTRAL): TimeSeries {
  const panel = described(new TimeSeries(), text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .thresholds(thresholds(steps))
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        steps.length > 1 ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    )
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .lineInterpolation(LineInterpolation.Linear)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['mean', 'max', 'lastNotNull']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
  if (queries.some(({ legend }) => legend.includes('{{status}}'))) {
    for (const [pattern, color] of STATUS_COLORS) panel.overrideByRegexp(pattern, [fixedColor(color)])
  }
  return panel.targets(queries.map((query, index) => over(query, index).range()))
}

/** Lines that add up to a whole. */
export function stacked(text: PanelText, queries: Query[]): TimeSeries {
  return timeSeries(text, queries)
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
}

/** The latest value as a number, with a line of how it came to that. */
export function stat(text: PanelText, queries: Query[], steps: Steps): Stat {
  return described(new Stat(), text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(steps))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(latest())
    .targets(queries.map((query, index) => over(query, index).range()))
}

/** The latest value as a word on its colour. */
export function state(text: PanelText, queries: Query[], words: ValueMapping[]): Stat {
  return described(new Stat(), text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(NEUTRAL))
    .mappings(words)
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(latest())
    .targets(queries.map((query, index) => over(query, index).instant()))
}

/** Words over time, one band for each series. */
export function stateTimeline(text: PanelText, queries: Query[], words: ValueMapping[]): StateTimeline {
  return described(new StateTimeline(), text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(NEUTRAL))
    .mappings(words)
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .targets(queries.map((query, index) => over(query, index).range()))
}

/** The latest value between two ends. */
export function gauge(text: PanelText, queries: Query[], [min, max]: [number, number], steps: Steps): Gauge {
  return described(new Gauge(), text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(steps))
    .min(min)
    .max(max)
    .showThresholdMarkers(true)
    .reduceOptions(latest())
    .targets(queries.map((query, index) => over(query, index).instant()))
}

/** How many requests took how long, over time: one shade for each bucket of a histogram. */
export function heatmap(text: PanelText, expr: string): Heatmap {
  const query = over({ expr, legend: '{{le}}' }, 0).range().format(PromQueryFormat.Heatmap)
  return described(new Heatmap(), text)
    .calculate(false)
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new YAxisConfigBuilder().unit(text.unit))
    .cellGap(1)
    .targets([query])
}

/** Values side by side, in the order of the queries. */
export function bars(text: PanelText, queries: Query[]): BarGauge {
  return described(new BarGauge(), text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.ContinuousBlues))
    .thresholds(thresholds(NEUTRAL))
    .min(0)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(latest())
    .targets(queries.map((query, index) => over(query, index).instant()))
}

/** One line for each value of `label`, one column for each query, under its legend. */
export function table(text: PanelText, label: string, queries: Query[]): Table {
  const letters = queries.map((_, index) => refId(index))
  const columns = queries.map(({ legend }, index) => [`Value #${letters[index]}`, legend] as const)
  return described(new Table(), text)
    .thresholds(thresholds(NEUTRAL))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(
          [label, ...columns.map(([name]) => name)].map((name, at) => [name, at]),
        ),
        renameByName: Object.fromEntries(columns),
      },
    })
    .targets(queries.map((query, index) => over(query, index).instant().format(PromQueryFormat.Table)))
}

/** What a number means in words: { 0: ['DOWN', 'red'], 1: ['UP', 'green'] }. */
export function words(meanings: Record<number, readonly [word: string, color: Color]>): ValueMapping[] {
  const options = Object.entries(meanings).map(
    ([value, [text, color]], index) => [value, { text, color, index }] as const,
  )
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }]
}

export function thresholds([below, ...steps]: Steps) {
  const all = steps.map(([value, color]) => ({ value, color }))
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: below }, ...all])
}

function fixedColor(color: string) {
  return { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } }
}

interface Described<Self> extends Builder<Panel> {
  title(title: string): Self
  description(description: string): Self
  unit(unit: string): Self
  datasource(datasource: typeof CHOSEN_SOURCE): Self
  links(links: Builder<ReturnType<DashboardLinkBuilder['build']>>[]): Self
}

function described<Self extends Described<Self>>(panel: Self, text: PanelText): Self {
  panel.title(text.title).description(text.description).unit(text.unit).datasource(CHOSEN_SOURCE)
  return text.runbook ? panel.links([runbookLink(text.runbook)]) : panel
}

function runbookLink(runbook: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Runbook: ${runbook}`)
    .type(DashboardLinkType.Link)
    .url(runbookUrl(runbook))
    .targetBlank(true)
}

function over({ expr, legend, exemplars = false }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refId(index))
    .datasource(CHOSEN_SOURCE)
    .editorMode(QueryEditorMode.Code)
    .expr(expr)
    .legendFormat(legend)
    .exemplar(exemplars)
}

function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

function latest(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false)
}
