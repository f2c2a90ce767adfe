import { idOf } from '../incident/incident.ts'
import { harmless, lengthText, paint, table, timeText } from '../text.ts'
import { fixesOf, plain } from './choose.ts'
import { type RunRow, type StepRow, stateOf } from './record.ts'
import type { Runbook } from './runbook.ts'
import type { Step } from './steps.ts'

type RunWithSteps = RunRow & { steps: StepRow[] }

const STATE_COLORS = {
  completed: 'green',
  failed: 'red',
  stopped: 'yellow',
  interrupted: 'red',
  runs: 'bold',
} as const

export function listText(
  runbooks: Runbook[],
  runs: RunRow[],
  { now, colors }: { now: number; colors: boolean },
): string {
  const pages = table([
    ['RUNBOOK', 'SEVERITY', 'STEPS', 'BY ITSELF', 'ALERTS'],
    ...runbooks.map(({ name, severity, steps, auto, alerts }) => [
      name,
      severity.join(', '),
      stepCounts(steps),
      auto ? 'looks' : 'no',
      alerts.join(', '),
    ]),
  ])
  return `${pages}\n\n${runs.length === 0 ? 'No runbook has been run.' : runsTable(runs, now, colors)}`
}

function runsTable(runs: RunRow[], now: number, colors: boolean): string {
  const color = paint(colors)
  return table([
    ['RUN', 'RUNBOOK', 'STARTED', 'TOOK', 'STATE', 'HOW', 'INCIDENT'],
    ...runs.map((run) => {
      const state = stateOf(run, now)
      return [
        String(run.id),
        run.name,
        timeText(run.started_at),
        run.ended_at === null ? '-' : lengthText(run.ended_at - run.started_at),
        color(state, STATE_COLORS[state]),
        run.mode,
        run.incident === null ? '-' : idOf(run.incident),
      ]
    }),
  ])
}

function stepCounts(steps: Step[]): string {
  const compose = steps.filter(({ runs }) => runs === 'on Compose')
  const changing = compose.filter(({ changes }) => changes).length
  return `${compose.length - changing} look, ${changing} change`
}

/** What a run would do. */
export function planText(runbook: Runbook, steps: Step[], system: string): string {
  const { name, title, severity, alerts, timeLimitMs, auto } = runbook
  const fixes = fixesOf(steps)
  return [
    `${title} (${name}), on ${system}`,
    `${severity.join(', ')}: ${alerts.join(', ')}`,
    `All steps together take at most ${lengthText(timeLimitMs)}. ${
      auto ? 'Steps that look run by themselves when an alert fires.' : 'Nothing of it runs by itself.'
    }`,
    ...(fixes.length > 1 ? [`Of its fixes one is run: --fix ${fixes.map(plain).join(', ')}.`] : []),
    ...steps.map((step, index) => `\n${heading(step, index + 1)}\n${indented(step.script, '  $ ')}`),
  ].join('\n')
}

function heading(step: Step, number: number): string {
  const { part, about, changes, continues, runs, timeoutMs, line } = step
  const kind = runs === 'by hand' ? 'a person does it' : changes ? 'changes the system' : 'looks'
  const further = changes && continues ? ', the run goes on when it fails' : ''
  const limit = runs === 'by hand' ? '' : `, at most ${lengthText(timeoutMs)}`
  return `${number}  ${part}${about === undefined ? '' : `: ${about}`} (line ${line}; ${kind}${limit}${further})`
}

/** How a run ended, in a few lines. */
export function endText({ id, name, outcome, reason, steps }: RunWithSteps, colors: boolean): string {
  const state = outcome ?? 'interrupted'
  const odd = steps.filter(({ outcome }) => outcome !== 'passed')
  return [
    `${paint(colors)(state, STATE_COLORS[state])}: run ${id} of ${name}${reason === null ? '' : `: ${reason}`}`,
    ...(odd.length === 0 ? [] : ['', table(odd.map(stepCells))]),
    '',
    `What its steps wrote: npm run sre -- runbook show ${id}`,
  ].join('\n')
}

/** A run and what its steps wrote. */
export function runText(run: RunWithSteps, { now, colors }: { now: number; colors: boolean }): string {
  return [
    runsTable([run], now, colors),
    ...(run.reason === null ? [] : [harmless(run.reason)]),
    ...run.steps.map((step) =>
      [
        `\n${stepCells(step).join('  ')}`,
        indented(step.script, '  $ '),
        ...(step.output === '' ? [] : [indented(step.output.trimEnd(), '  │ ')]),
      ].join('\n'),
    ),
  ].join('\n')
}

function stepCells({
  number,
  part,
  about,
  outcome,
  exit_code: exitCode,
  started_at,
  ended_at,
}: StepRow): string[] {
  return [
    String(number),
    about === null ? part : `${part}: ${about}`,
    exitCode ? `${outcome} (exit code ${exitCode})` : (outcome ?? 'interrupted'),
    ended_at === null || outcome === 'skipped' || outcome === 'by hand'
      ? ''
      : lengthText(ended_at - started_at),
  ]
}

function indented(text: string, prefix: string): string {
  return text
    .split('\n')
    .map((line) => prefix + harmless(line, 2000))
    .join('\n')
}
