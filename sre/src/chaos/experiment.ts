import { basename } from 'node:path'
import { parse } from 'yaml'
import type { Environment } from '../context.ts'
import { durationAt, listAt, objectAt, oneOfAt, textAt } from '../fields.ts'
import { UsageError } from '../verb.ts'
import { readConfiguration, substitute } from './configuration.ts'
import type { Injection } from './injection.ts'
import { INJECTIONS } from './injections/all.ts'
import type { Probe } from './probe.ts'
import { PROBES } from './probes/all.ts'
import { readSettings, type Settings } from './settings.ts'
import { readTolerance, type Tolerance } from './tolerance.ts'

/** An experiment of Chaos Toolkit's format, read and checked. */
export interface Experiment {
  /** the file's name without its ending */
  name: string
  file: string
  title: string
  description: string
  tags: string[]
  hypothesis: { title: string; probes: PlannedProbe[] }
  actions: PlannedAction[]
  /** measured while it is injected; recorded only when they have no tolerance */
  probes: PlannedProbe[]
  abort: PlannedProbe[]
  settings: Settings
}

export interface PlannedProbe {
  name: string
  probe: Probe
  args: unknown
  tolerance: Tolerance | undefined
}

export interface PlannedAction {
  name: string
  injection: Injection
  args: unknown
  pauseBeforeMs: number
  pauseAfterMs: number
}

const KEYS = [
  'version',
  'title',
  'description',
  'tags',
  'configuration',
  'steady-state-hypothesis',
  'method',
  'rollbacks',
  'extensions',
]
const MAX_PAUSE_MS = 300_000

/** @throws {UsageError} one line: the file, the path of the field, and what is allowed */
export function readExperiment(text: string, file: string, env: Environment): Experiment {
  try {
    return readFields(text, file, env)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${file}: ${error.message}`)
  }
}

function readFields(text: string, file: string, env: Environment): Experiment {
  const raw = objectAt(parseYaml(text), '', KEYS)
  const values = readConfiguration(raw.configuration, env)
  const given = substitute({ ...raw, configuration: undefined }, values) as Record<string, unknown>
  if (given.version !== undefined) oneOfAt(given.version, 'version', ['1.0.0'])
  if (given.rollbacks !== undefined && listAt(given.rollbacks, 'rollbacks').length > 0) {
    throw new UsageError('rollbacks is not empty; allowed: none, because each action is undone by itself')
  }
  const settings = readSettings(given.extensions)
  const hypothesis = objectAt(given['steady-state-hypothesis'], 'steady-state-hypothesis', [
    'title',
    'probes',
  ])
  const path = 'steady-state-hypothesis.probes'
  const steps = listAt(given.method, 'method').map((step, index) => readStep(step, `method[${index}]`))
  const experiment = {
    name: basename(file).replace(/\.ya?ml$/, ''),
    file,
    title: textAt(given.title, 'title'),
    description: textAt(given.description, 'description').trim(),
    tags: (given.tags === undefined ? [] : listAt(given.tags, 'tags')).map((tag, index) =>
      textAt(tag, `tags[${index}]`),
    ),
    hypothesis: {
      title: textAt(hypothesis.title, 'steady-state-hypothesis.title'),
      probes: listAt(hypothesis.probes, path).map((each, index) => readJudged(each, `${path}[${index}]`)),
    },
    actions: steps.filter((step) => 'injection' in step),
    probes: steps.filter((step) => 'probe' in step),
    abort: settings.abort.map((each, index) => readJudged(each, `extensions[0].abort[${index}]`)),
    settings,
  }
  if (experiment.hypothesis.probes.length === 0) throw new UsageError(`${path} is empty; at least one`)
  if (experiment.actions.length === 0) throw new UsageError('method has no action; at least one')
  checkNames(experiment)
  return experiment
}

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n')
    throw new UsageError(`it is no YAML: ${line.replace(/:$/, '')}`)
  }
}

function readStep(value: unknown, path: string): PlannedAction | PlannedProbe {
  const type = (value as { type?: unknown } | null)?.type
  return oneOfAt(type, `${path}.type`, ['action', 'probe']) === 'action'
    ? readAction(value, path)
    : readProbe(value, path)
}

function readAction(value: unknown, path: string): PlannedAction {
  const given = objectAt(value, path, ['type', 'name', 'provider', 'pauses'])
  const pauses = objectAt(given.pauses ?? {}, `${path}.pauses`, ['before', 'after'])
  const { kind, rest } = readProvider(given.provider, `${path}.provider`, INJECTIONS)
  return {
    name: textAt(given.name, `${path}.name`),
    injection: kind,
    args: kind.read(rest, `${path}.provider`),
    pauseBeforeMs: durationAt(pauses.before ?? 0, `${path}.pauses.before`, { maxMs: MAX_PAUSE_MS }),
    pauseAfterMs: durationAt(pauses.after ?? 0, `${path}.pauses.after`, { maxMs: MAX_PAUSE_MS }),
  }
}

function readProbe(value: unknown, path: string): PlannedProbe {
  const given = objectAt(value, path, ['type', 'name', 'provider', 'tolerance'])
  oneOfAt(given.type, `${path}.type`, ['probe'])
  const { kind, rest } = readProvider(given.provider, `${path}.provider`, PROBES)
  return {
    name: textAt(given.name, `${path}.name`),
    probe: kind,
    args: kind.read(rest, `${path}.provider`),
    tolerance:
      given.tolerance === undefined ? undefined : readTolerance(given.tolerance, `${path}.tolerance`),
  }
}

function readJudged(value: unknown, path: string): PlannedProbe {
  const probe = readProbe(value, path)
  if (probe.tolerance) return probe
  throw new UsageError(`${path}.tolerance is missing`)
}

function readProvider<Kind extends { kind: string }>(
  value: unknown,
  path: string,
  kinds: readonly Kind[],
): { kind: Kind; rest: Record<string, unknown> } {
  const { type, ...rest } = objectAt(value, path, Object.keys((value as object | null) ?? {}))
  const name = oneOfAt(
    type,
    `${path}.type`,
    kinds.map(({ kind }) => kind),
  )
  return { kind: kinds.find(({ kind }) => kind === name) as Kind, rest }
}

function checkNames({ hypothesis, actions, probes, abort }: Experiment): void {
  const names = [...hypothesis.probes, ...actions, ...probes, ...abort].map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError(`two parts have the name "${twice}"; each needs its own`)
}
