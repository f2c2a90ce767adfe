import type { Context } from '../context.ts'
import { harmless, lengthText, paint, table } from '../text.ts'
import type { Answer } from '../verb.ts'
import { readCatalogue } from './catalogue.ts'
import { latestRuns, type Outcome } from './journal.ts'

/** An experiment of the catalogue with its latest run on this system. */
export interface Listed {
  name: string
  title: string
  systems: string[]
  /** why the file is no experiment */
  problem: string | null
  last: { run: number; at: number; outcome: Outcome | null; score: number | null } | null
}

/** The catalogue, with what came of each experiment. */
export function listExperiments({ env, store, system }: Pick<Context, 'env' | 'store' | 'system'>): Listed[] {
  const runs = latestRuns(store, system)
  return readCatalogue(env).map((entry) => {
    const run = runs.find(({ name }) => name === entry.name)
    return {
      name: entry.name,
      title: entry.experiment?.title ?? '',
      systems: entry.experiment?.settings.systems ?? [],
      problem: entry.experiment ? null : entry.problem,
      last: run
        ? { run: run.id, at: run.stampedAt, outcome: run.outcome ?? null, score: run.score ?? null }
        : null,
    }
  })
}

/** `chaos list`: no when a file of the catalogue is wrong. */
export function answerList(context: Context): Answer {
  const listed = listExperiments(context)
  const color = paint(context.colors)
  const rows = listed.map(({ name, title, systems, problem, last }) => [
    name,
    last ? outcomeShown(last.outcome, color) : '-',
    last?.score == null ? '-' : String(last.score),
    last ? `${lengthText(context.now() - last.at)} ago` : 'never',
    problem !== null
      ? color(harmless(problem), 'red')
      : harmless(systems.includes(context.system) ? title : `${title} (only ${systems.join(', ')})`),
  ])
  const head = ['NAME', 'LAST', 'SCORE', 'RUN', 'EXPERIMENT'].map((text) => color(text, 'dim'))
  const held = listed.filter(({ last }) => last?.outcome === 'held').length
  return {
    ok: listed.every(({ problem }) => problem === null),
    text: `${held} of ${listed.length} experiments held when they ran last on ${context.system}\n\n${table([head, ...rows])}`,
    json: { system: context.system, experiments: listed },
  }
}

function outcomeShown(outcome: Outcome | null, color: ReturnType<typeof paint>): string {
  if (outcome === 'held') return color(outcome, 'green')
  return outcome === 'broken' ? color(outcome, 'red') : color(outcome ?? 'runs', 'yellow')
}
