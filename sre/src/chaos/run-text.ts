import { harmless, lengthText, paint, table, timeText } from '../text.ts'
import type { Experiment, PlannedProbe } from './experiment.ts'
import type { Outcome, Run } from './journal.ts'
import { summarizeProbes } from './summary.ts'
import { toleranceText } from './tolerance.ts'
import { detectionMsOf, recoveryMsOf } from './verdict.ts'

const OUTCOMES: Record<Outcome, { said: string; color: 'green' | 'red' | 'yellow' }> = {
  held: { said: 'the hypothesis held', color: 'green' },
  broken: { said: 'the hypothesis is broken', color: 'red' },
  refused: { said: 'refused, nothing was injected', color: 'yellow' },
  aborted: { said: 'aborted and rolled back', color: 'yellow' },
  interrupted: { said: 'the runner was killed', color: 'yellow' },
  unknown: { said: 'it could not be told', color: 'yellow' },
}

/** The answer of a run in one sentence. */
export function outcomeText({ outcome, score }: Run): string {
  const said = outcome === undefined ? 'it runs' : OUTCOMES[outcome].said
  return score === undefined ? said : `${said}, score ${score} of 100`
}

/** One run for a terminal: the answer, why, the figures, and where to look. */
export function runText(run: Run, colors: boolean): string {
  const color = paint(colors)
  const { data } = run
  const answer = color(outcomeText(run), run.outcome === undefined ? 'yellow' : OUTCOMES[run.outcome].color)
  return [
    `${run.name}: ${answer}`,
    ...data.reasons.map((reason) => `  ${harmless(reason)}`),
    '',
    `  hypothesis  ${harmless(run.hypothesis)}`,
    `  written     ${timeText(run.stampedAt)}, as run ${run.id} on ${data.system}`,
    ...data.actions.map(
      ({ what }, index) => `  ${index === 0 ? 'injected  ' : '          '}  ${harmless(what)}`,
    ),
    ...timesText(run).map((line) => `  ${line}`),
    '',
    indent(
      table([
        ['PROBE', 'ALLOWED', 'BEFORE', 'DURING', 'AFTER'].map((head) => color(head, 'dim')),
        ...summarizeProbes(data).map(({ name, allowed, before, during, after, ok }) => [
          harmless(name),
          harmless(allowed, 40),
          harmless(before, 60),
          ok === false ? color(harmless(during, 60), 'red') : harmless(during, 60),
          harmless(after, 60),
        ]),
      ]),
    ),
    '',
    `  with plots: npm run sre -- chaos report ${run.id} --out report.html`,
  ].join('\n')
}

/** What an experiment would do, for `--dry-run`. */
export function planText({
  name,
  title,
  description,
  hypothesis,
  actions,
  probes,
  abort,
  settings,
}: Experiment): string {
  const lines = (head: string, all: string[]) =>
    all.map((line, index) => `  ${(index === 0 ? head : '').padEnd(10)}  ${line}`)
  const probeText = ({ name: probe, tolerance, probe: kind, args }: PlannedProbe) =>
    `${probe}: ${kind.describe(args)}${tolerance ? `, allowed ${toleranceText(tolerance)}` : ''}`
  const { detection } = settings
  return [
    `${name}: ${title}`,
    ...description.split('\n').map((line) => `  ${line}`),
    '',
    `  hypothesis  ${hypothesis.title}`,
    ...lines('steady', hypothesis.probes.map(probeText)),
    ...lines(
      'inject',
      actions.map(({ injection, args }) => injection.describe(args)),
    ),
    ...lines('during', probes.map(probeText)),
    ...lines('abort', abort.map(probeText)),
    ...(detection ? lines('alert', [`${detection.alert} within ${lengthText(detection.withinMs)}`]) : []),
    ...lines('time', [
      `${lengthText(settings.durationMs)} injected, measured every ${lengthText(settings.intervalMs)}, steady again within ${lengthText(settings.recoveryMs)}`,
    ]),
    ...lines('runs on', [settings.systems.join(', ')]),
  ].join('\n')
}

function timesText({ data }: Run): string[] {
  if (data.injectedAt === undefined) return []
  if (data.rollbackAt === undefined) return [`at          ${timeText(data.injectedAt)}`]
  const recoveryMs = recoveryMsOf(data)
  const detectionMs = detectionMsOf(data)
  return [
    `at          ${timeText(data.injectedAt)}, for ${lengthText(data.rollbackAt - data.injectedAt)}`,
    ...(data.detection
      ? [
          `detected    ${detectionMs === undefined ? `not by ${data.detection.alert}` : `by ${data.detection.alert} after ${lengthText(detectionMs)}`}`,
        ]
      : []),
    `recovered   ${recoveryMs === undefined ? `not within ${lengthText(data.recoveryMs)}` : `${lengthText(recoveryMs)} after the rollback began`}`,
  ]
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
