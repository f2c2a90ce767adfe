import { ALERTS_QUERY, DEPLOYS_QUERY, FAULTS_QUERY } from '../observed/episodes.ts'
import type { Prometheus } from '../prometheus.ts'
import { timeText } from '../text.ts'
import { document } from './document.ts'
import { renderEpisodes } from './episodes.ts'
import type { PageData } from './gather.ts'
import { section } from './html.ts'
import { renderOpen, renderResolved } from './incidents.ts'
import { renderObjectives } from './objectives.ts'
import { renderReadiness } from './readiness.ts'

export interface PageOptions {
  /** seconds until a browser loads it again; undefined: a file that stays as it is */
  refreshS?: number
}

/** The page as one HTML document that loads nothing. */
export function renderPage(data: PageData, prometheus: Prometheus, { refreshS }: PageOptions = {}): string {
  const { at } = data
  const isServed = refreshS !== undefined
  const link = (expr: string) => ({ link: prometheus.linkTo(expr) })
  const sections = [
    section('Objectives', { command: 'budget' }, data.objectives, (value) =>
      renderObjectives(value, prometheus, at),
    ),
    section('Open incidents', { command: 'incident list' }, data.open, (value) =>
      renderOpen(value, at, isServed),
    ),
    section('Alerts, last 24 h', link(ALERTS_QUERY), data.alerts, (value) =>
      renderEpisodes(value, { now: at, none: 'No alert fired.', going: 'bad' }),
    ),
    section('Injected faults, last 24 h', link(FAULTS_QUERY), data.faults, (value) =>
      renderEpisodes(value, { now: at, none: 'No fault was injected.', going: 'warn' }),
    ),
    section('Deploys, last 7 days', link(DEPLOYS_QUERY), data.deploys, (value) =>
      renderEpisodes(value, { now: at, none: 'No version changed.', going: 'warn' }),
    ),
    section('Resolved incidents, last 30 days', { command: 'incident stats' }, data.resolved, (value) =>
      renderResolved(value, isServed),
    ),
    section('Readiness', { command: 'ready' }, data.readiness, renderReadiness),
  ]
  return document({
    title: 'QuickTicket reliability',
    subtitle: `as of ${timeText(at)}${isServed ? `, renewed every ${refreshS} s` : ''}`,
    refreshS,
    body: sections,
  })
}
