import type { Verb } from './verb.ts'

interface Entry {
  summary: string
  /** loaded when it is used: a verb needs little of the others' code */
  load(): Promise<{ verb: Verb }>
}

/** Everything that `npm run sre --` can do, in the order of the help. */
export const VERBS: Record<string, Entry> = {
  budget: {
    summary: 'error budgets: spent, left, burn rates, and what spent them',
    load: () => import('./budget/verb.ts'),
  },
  gate: {
    summary: 'whether a service may be released now, and who may override a no',
    load: () => import('./gate/verb.ts'),
  },
  incident: {
    summary: 'incidents: what is broken, who leads, what was done, and how long it took',
    load: () => import('./incident/verb.ts'),
  },
  serve: {
    summary: 'takes alerts, makes incidents of them, and answers as a page and as JSON',
    load: () => import('./server/verb.ts'),
  },
  runbook: {
    summary: 'the pages of docs/runbooks as commands: list, show, run, lint',
    load: () => import('./runbook/verb.ts'),
  },
  chaos: {
    summary: 'experiments with a hypothesis: run, list, report, schedule',
    load: () => import('./chaos/verb.ts'),
  },
  ready: {
    summary: 'the operational readiness review: what is missing before the system is run',
    load: () => import('./ready/verb.ts'),
  },
  maturity: {
    summary: 'how far the work on reliability has come, on levels from 0 to 4, and what the next one needs',
    load: () => import('./maturity/verb.ts'),
  },
  capacity: {
    summary: 'when each limit is reached, what limits first, and what to ask for',
    load: () => import('./capacity/verb.ts'),
  },
  postmortem: {
    summary: 'the document about an incident: impact, timeline, plots, action items',
    load: () => import('./postmortem/verb.ts'),
  },
  actions: {
    summary: 'the action items of all incidents, overdue first',
    load: () => import('./actions/verb.ts'),
  },
  toil: {
    summary: 'how much of the working time is toil, and what to automate first',
    load: () => import('./toil/verb.ts'),
  },
  dashboard: {
    summary: 'the page of serve as one file that works offline',
    load: () => import('./page/verb.ts'),
  },
  review: {
    summary: 'the reliability review of lab 10 as one document',
    load: () => import('./review/verb.ts'),
  },
  dora: {
    summary: 'how software is delivered: frequency, lead time, failed changes, time to restore',
    load: () => import('./dora/verb.ts'),
  },
}
