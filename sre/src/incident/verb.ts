import { alertsOf } from '../alerts/alert.ts'
import type { Context } from '../context.ts'
import { readLengthOption } from '../length-option.ts'
import { readTime } from '../time-option.ts'
import { type Answer, type Arguments, UsageError, type Verb } from '../verb.ts'
import { assign, createIncident, report, resolve } from './change.ts'
import { readDetails } from './details.ts'
import { getIncident, type Incident, listIncidents, STATUSES } from './incident.ts'
import { detailedJson, incidentJson, statsJson } from './json.ts'
import { authorOf, oneOf, readSeverity, requiredText, servicesOf, textOf } from './options.ts'
import { incidentStats } from './stats.ts'
import { changedText, listText, showText, statsText } from './text.ts'

type Values = Arguments['values']

const WINDOW = '30d'

interface Command {
  /** the arguments after its name */
  takes: string[]
  options: string[]
  run(context: Context, values: Values, args: string[]): Answer
}

const COMMANDS: Record<string, Command> = {
  list: { takes: [], options: ['all', 'severity'], run: list },
  show: { takes: ['ID'], options: [], run: show },
  new: { takes: [], options: ['title', 'severity', 'service', 'began', 'commander', 'by'], run: open },
  update: { takes: ['ID'], options: ['status', 'severity', 'service', 'note', 'by'], run: update },
  assign: { takes: ['ID', 'NAME'], options: ['by'], run: assignTo },
  resolve: { takes: ['ID'], options: ['note', 'by'], run: close },
  stats: { takes: [], options: ['window', 'severity'], run: stats },
}

export const verb: Verb = {
  usage: `npm run sre -- incident list [--all] [--severity 1…4]
npm run sre -- incident show ID
npm run sre -- incident new --title TEXT --severity 1…4 [--service S…] [--began TIME] [--commander NAME]
npm run sre -- incident update ID [--status S] [--severity 1…4] [--service S…] [--note TEXT]
npm run sre -- incident assign ID NAME
npm run sre -- incident resolve ID [--note TEXT]
npm run sre -- incident stats [--window 30d] [--severity 1…4]

What is broken, who leads, and what was done when. Alerts open incidents while npm run sre -- serve runs; these commands work on
the same database, also when the server does not run. ID is INC-0001, or 1. assign and update acknowledge an incident.

  --all            resolved ones too
  --status S       investigating, identified, monitoring or resolved
  --began TIME     when it began to hurt, such as 2026-11-28T12:00:00Z; by default now
  --by NAME        who says so; by default the user of this shell
  --window 30d     over the incidents that were detected since then`,
  options: {
    all: { type: 'boolean' },
    title: { type: 'string' },
    severity: { type: 'string' },
    service: { type: 'string', multiple: true },
    began: { type: 'string' },
    commander: { type: 'string' },
    status: { type: 'string' },
    note: { type: 'string' },
    by: { type: 'string' },
    window: { type: 'string' },
  },

  async run(context, { values, positionals: [name = '', ...args] }) {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (!command) {
      const said = name === '' ? 'incident needs a command' : `"${name}" is no command of incident`
      throw new UsageError(`${said}: ${Object.keys(COMMANDS).join(', ')}`)
    }
    const { takes, options } = command
    if (args.length !== takes.length)
      throw new UsageError(
        `incident ${name} takes ${takes.join(' and ') || 'no arguments'}, and not ${args.length}`,
      )
    const other = Object.keys(values).find((option) => option !== 'json' && !options.includes(option))
    if (other !== undefined)
      throw new UsageError(
        `incident ${name} has no --${other}; it has ${options.map((o) => `--${o}`).join(', ') || 'none'}`,
      )
    return command.run(context, values, args)
  },
}

function list(context: Context, values: Values): Answer {
  const severity = values.severity === undefined ? undefined : readSeverity(values.severity)
  const open = values.all !== true
  const incidents = listIncidents(context.store, { open, ...(severity && { severity }) })
  const none = open ? 'No open incidents; --all shows the resolved ones.' : 'No incidents.'
  return {
    ok: true,
    text: incidents.length === 0 ? none : listText(incidents, { now: context.now(), colors: context.colors }),
    json: incidents.map(incidentJson),
  }
}

function show({ store, now, colors }: Context, _values: Values, [id = '']: string[]): Answer {
  const details = readDetails(store, id)
  return { ok: true, text: showText(details, { now: now(), colors }), json: detailedJson(details) }
}

function open(context: Context, values: Values): Answer {
  const { store, now } = context
  const begunAt = readTime('began', values.began, now())
  const commander = textOf(values, 'commander')
  const incident = createIncident(
    store,
    {
      title: requiredText(values, 'title'),
      severity: readSeverity(values.severity),
      services: servicesOf(values),
      ...(begunAt !== undefined && { begunAt }),
      ...(commander !== undefined && { commander }),
    },
    changeOf(context, values),
  )
  return changed(incident)
}

function update(context: Context, values: Values, [id = '']: string[]): Answer {
  const { store } = context
  const given = {
    ...(values.status !== undefined && { status: oneOf(values.status, STATUSES, '--status') }),
    ...(values.severity !== undefined && { severity: readSeverity(values.severity) }),
    ...(values.note !== undefined && { note: requiredText(values, 'note') }),
    ...(values.service !== undefined && { services: servicesOf(values) }),
  }
  if (Object.keys(given).length === 0)
    throw new UsageError('incident update needs at least one of --status, --severity, --service, --note')
  return changed(report(store, getIncident(store, id).number, given, changeOf(context, values)))
}

function assignTo(context: Context, values: Values, [id = '', name = '']: string[]): Answer {
  const { store } = context
  const commander = requiredText({ commander: name }, 'commander')
  return changed(assign(store, getIncident(store, id).number, commander, changeOf(context, values)))
}

function close(context: Context, values: Values, [id = '']: string[]): Answer {
  const { store } = context
  const note = textOf(values, 'note')
  const { number } = getIncident(store, id)
  const incident = resolve(store, number, {
    ...changeOf(context, values),
    ...(note !== undefined && { note }),
  })
  const firing = alertsOf(store, number).filter(({ endsAt }) => endsAt === undefined).length
  const { text, ...answer } = changed(incident)
  const warning = `\nAlerts that still fire: ${firing}. If it is not over, npm run sre -- incident new opens another one.`
  return { ...answer, text: firing === 0 ? text : `${text}${warning}` }
}

function stats({ store, now }: Context, values: Values): Answer {
  const windowMs = readLengthOption('window', values.window, { fallback: WINDOW })
  const severity = values.severity === undefined ? undefined : readSeverity(values.severity)
  const found = incidentStats(store, { fromMs: now() - windowMs, toMs: now() }, severity)
  return { ok: true, text: statsText(found, String(values.window ?? WINDOW)), json: found.map(statsJson) }
}

function changeOf({ now, env }: Context, values: Values) {
  return { author: authorOf(values, env), now: now() }
}

function changed(incident: Incident): Answer {
  return { ok: true, text: changedText(incident), json: incidentJson(incident) }
}
