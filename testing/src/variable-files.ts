import { variables as events } from '@quickticket/events/config'
import { faultVariables } from '@quickticket/faults/variables'
import { variables as gateway } from '@quickticket/gateway/config'
import { allowed, commonVariables } from '@quickticket/kit/config'
import { postgresVariables } from '@quickticket/kit/postgres-variables'
import { redisVariables } from '@quickticket/kit/redis-variables'
import { tracingVariables } from '@quickticket/kit/tracing/variables'
import { variables as notifications } from '@quickticket/notifications/config'
import { variables as payments } from '@quickticket/payments/config'
import type { TProperties, TSchema } from 'typebox'

const everyService = { ...commonVariables, ...faultVariables }
const postgres = postgresVariables
const redis = redisVariables(() => true)
const shared = { ...everyService, ...tracingVariables, ...postgres, ...redis }

/** All variables of the services, by the section of the files that lists them. */
export const SECTIONS: Record<string, TProperties> = {
  'every service': everyService,
  traces: tracingVariables,
  gateway: without(gateway, shared),
  events: without(events, shared),
  payments: without(payments, shared),
  notifications: without(notifications, shared),
  PostgreSQL: postgres,
  Redis: redis,
}
/** Compose sets them, because ports and health checks rely on them. */
const FIXED_BY_COMPOSE = ['HOST', 'PORT']

/** Files with generated sections: how each is made from its present text, by path from the root of the repository. */
export const VARIABLE_FILES: Record<string, (text: string) => string> = {
  'docs/configuration.md': fillTables,
  '.env.example': fillAssignments,
}

/** Replaces what stands between `<!-- variables: SECTION -->` and `<!-- end -->`. */
function fillTables(page: string): string {
  return page.replace(
    /(<!-- variables: (.+) -->\n)[\s\S]*?(?=<!-- end -->)/g,
    (_all, opening, section) => `${opening}\n${table(section)}\n\n`,
  )
}

/** Replaces the lines below each `# --- SECTION ---` that names a section. */
function fillAssignments(text: string): string {
  const names = new Set<string>()
  return text.replace(/(# --- (.+) ---\n)[\s\S]*?(?=\n# ---)/g, (all, heading, section) => {
    const lines = Object.entries(SECTIONS[section] ?? {})
      .filter(([name]) => !FIXED_BY_COMPOSE.includes(name) && !names.has(name))
      .map(([name, schema]) => `#${name}=${fallback(schema) ?? ''}\n`)
    for (const name of Object.keys(SECTIONS[section] ?? {})) names.add(name)
    return lines.length > 0 ? `${heading}\n${lines.join('')}` : all
  })
}

/** @throws Error when there is no such section */
function table(section: string): string {
  const variables = SECTIONS[section]
  if (!variables) throw new Error(`"${section}" is no section: ${Object.keys(SECTIONS).join(', ')}`)
  const rows = Object.entries(variables).map(
    ([name, schema]) =>
      `| \`${name}\` | ${shownDefault(schema)} | ${escapeCell(allowed(schema))} | ${effect(name, schema)} |`,
  )
  return ['| variable | default | allowed | effect |', '|---|---|---|---|', ...rows].join('\n')
}

function effect(name: string, schema: TSchema): string {
  const { description, secret } = schema as { description?: string; secret?: boolean }
  const file = secret ? `; or \`${name}_FILE\`, a file with the value` : ''
  return `${escapeCell(description ?? '')}${file}`
}

function shownDefault(schema: TSchema): string {
  const value = fallback(schema)
  if (value === undefined) return 'unset'
  return value === '' ? 'empty' : `\`${value}\``
}

function fallback(schema: TSchema): unknown {
  return (schema as { default?: unknown }).default
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function without(variables: TProperties, others: TProperties): TProperties {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !(name in others)))
}
