import { type BurnRate, burnRates, rounded } from './burn-rates.ts'
import type { Slo } from './declaration.ts'
import { formatDuration, parseDurationMs } from './duration.ts'

export interface Rule {
  record?: string
  alert?: string
  expr: string
  for?: string
  labels: Record<string, string>
  annotations?: Record<string, string>
}

export interface Group {
  name: string
  interval: string
  rules: Rule[]
}

const SHORT_WINDOWS = ['5m', '30m', '1h', '2h', '6h']
const LONG_WINDOWS = ['1d', '3d', '7d', '30d']
/** how finely the past is searched for the first scrape */
const COVERAGE_STEPS = 60
const FINE_ENOUGH_MS = parseDurationMs('2m')
const DAY_MS = parseDurationMs('1d')

/**
 * Recording rules and alerts of one SLO. Long windows cost most and are read less often.
 * @param timeScale every length of time is divided by it; 1 but in tests
 */
export function sloGroups(slo: Slo, timeScale = 1, shortestIntervalMs = 0): Group[] {
  const short = SHORT_WINDOWS
  const long = LONG_WINDOWS.filter((window) => parseDurationMs(window) <= Math.max(slo.windowMs, 7 * DAY_MS))
  const rates = burnRates(slo.windowMs)
  const scaled = (duration: string) => formatDuration(parseDurationMs(duration) / timeScale)
  const interval = (duration: string) =>
    formatDuration(Math.max(parseDurationMs(duration) / timeScale, shortestIntervalMs))
  const labels = { slo: slo.name, service: slo.service }
  const record = (name: string, expr: string): Rule => ({ record: name, expr, labels })
  const ratios = (windows: string[]) => [
    ...windows.map((window) => record(`slo:sli_error:ratio_rate${window}`, errorRatio(slo, scaled(window)))),
    ...windows
      .filter((window) => window !== '5m')
      .map((window) => record(`slo:coverage:ratio${window}`, coverage(slo, scaled(window)))),
  ]
  const budget = rounded(1 - slo.objective)

  return [
    {
      name: `slo-${slo.name}`,
      interval: interval('30s'),
      rules: [
        record('slo:objective:ratio', `vector(${slo.objective})`),
        record('slo:error_budget:ratio', `vector(${budget})`),
        record('slo:window:days', `vector(${slo.windowMs / DAY_MS})`),
        ...ratios(short),
        record('slo:burn_rate:ratio', `slo:sli_error:ratio_rate1h{slo="${slo.name}"} / ${budget}`),
        {
          alert: 'SLOBurnRatePage',
          expr: burning(slo, rates, 'page'),
          labels: { ...labels, severity: 'critical' },
          annotations: burnAnnotations(slo, 'within hours'),
        },
        {
          alert: 'SLOMetricAbsent',
          expr: `group(${[slo.total, slo.good]
            .filter(Boolean)
            .map((selector) => `absent(${selector})`)
            .join(' or ')})`,
          for: scaled('5m'),
          labels: { ...labels, severity: 'warning' },
          annotations: {
            summary: `Nothing says how ${slo.name} is doing`,
            description: `Prometheus has no series that ${slo.name} is computed from, so its alerts cannot fire.`,
            ...links('slo-metric-absent', 'quickticket-slo'),
          },
        },
      ],
    },
    {
      name: `slo-${slo.name}-long`,
      interval: interval('1m'),
      rules: [
        ...ratios(long),
        record('slo:error_budget_remaining:ratio', remaining(slo, budget)),
        {
          alert: 'SLOBurnRateTicket',
          expr: burning(slo, rates, 'ticket'),
          labels: { ...labels, severity: 'warning' },
          annotations: burnAnnotations(slo, 'within days'),
        },
      ],
    },
  ]
}

/** The share of bad events in a window. Without traffic there is no ratio, and so no alert; without a series of errors there are none. */
export function errorRatio({ total, good, bad }: Slo, window: string): string {
  const all = `(sum(rate(${total}[${window}])) > 0)`
  if (bad) {
    const sums = bad.map((selector) => `(sum(rate(${selector}[${window}])) or vector(0))`)
    return `${sums.length > 1 ? `(${sums.join(' + ')})` : sums[0]} / ${all}`
  }
  return `1 - (sum(rate(${good}[${window}])) or vector(0)) / ${all}`
}

/**
 * The part of the window that Prometheus has been watching. Unobserved time counts as good and as busy as the rest: otherwise two
 * bad minutes are a quarter of "the last hour" for a Prometheus that runs for eight.
 */
export function coverage({ service }: Slo, window: string): string {
  const windowMs = parseDurationMs(window)
  const scrapes = searched(windowMs).map((range) => `min_over_time(timestamp(up{job="${service}"})${range})`)
  // with a label of its own, a search does not hide a finer one that found an earlier scrape
  const found =
    scrapes.length === 1
      ? scrapes
      : scrapes.map((scrape, index) => `label_replace(${scrape},"search","${index}","","")`)
  const first = `(min(${found.join(' or ')}) or vector(time()))`
  return `clamp_max((time() - ${first}) / ${windowMs / 1000}, 1)`
}

/** The steps of a subquery stand at round times. Where the first of them is still to come, it is looked between two of them. */
function searched(rangeMs: number): string[] {
  const stepMs = Math.max(rangeMs / COVERAGE_STEPS, 100)
  const range = `[${formatDuration(rangeMs)}:${formatDuration(stepMs)}]`
  return stepMs > FINE_ENOUGH_MS ? [range, ...searched(stepMs)] : [range]
}

function remaining({ name, windowMs }: Slo, budget: number): string {
  const window = formatDuration(windowMs)
  return `1 - slo:sli_error:ratio_rate${window}{slo="${name}"} * slo:coverage:ratio${window}{slo="${name}"} / ${budget}`
}

/** Both windows: the long one says that it matters, the short one that it still goes on. */
function burning({ name, objective }: Slo, rates: BurnRate[], severity: BurnRate['severity']): string {
  return rates
    .filter((rate) => rate.severity === severity)
    .map(({ long, short, factor }) => {
      const limit = `(${factor} * ${rounded(1 - objective)})`
      const slo = `{slo="${name}"}`
      return `(
  slo:sli_error:ratio_rate${long}${slo} * slo:coverage:ratio${long}${slo} > ${limit}
  and slo:sli_error:ratio_rate${short}${slo} > ${limit}
)`
    })
    .join(' or ')
}

function burnAnnotations({ name, description, windowMs }: Slo, when: string): Record<string, string> {
  return {
    summary: `${name}: the error budget of ${formatDuration(windowMs)} is being spent too fast, it is gone ${when}`,
    description: `{{ $value | humanizePercentage }} were bad. Promised: ${description}`,
    ...links('slo-burn-rate', 'quickticket-slo'),
  }
}

function links(runbook: string, dashboard: string): Record<string, string> {
  return {
    runbook_url: `{{ $externalLabels.docs_url }}docs/runbooks/${runbook}.md`,
    dashboard: `{{ $externalLabels.grafana_url }}d/${dashboard}`,
  }
}
