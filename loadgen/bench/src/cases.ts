import type { DatabaseName } from './databases.ts'
import type { Plan } from './plans.ts'
import type { Stand, StandName } from './stands.ts'
import type { Transaction } from './transactions.ts'

interface Common {
  name: string
  what: string
  connections: number
  /** other cases that this one is compared with */
  ceilings?: string[]
  /** a case that others are compared with; not asked for by itself */
  ceiling?: true
}

export type HttpCase = Common & {
  kind: 'http'
  stand: StandName
  plan: Plan
  /** where the load goes instead of the gateway */
  url?: (stand: Stand) => string
}
export type SqlCase = Common & { transaction: Transaction; database: DatabaseName } & (
    | { kind: 'sql' }
    | { kind: 'pgbench' }
  )
export type Case = HttpCase | SqlCase

const LIST: Plan = { kind: 'get', path: '/events', expect: [200] }
const ONE: Plan = { kind: 'get', path: '/events/1', expect: [200] }
const ALL_EVENTS = [1, 2, 3, 4, 5]
const RESERVE: Plan = { kind: 'reserve', eventIds: ALL_EVENTS }
const CHECKOUT: Plan = { kind: 'checkout', eventIds: ALL_EVENTS }

const READERS = 32
/** as many buyers at a time as events has connections to PostgreSQL */
const BUYERS = 10

const http = (
  name: string,
  what: string,
  stand: StandName,
  plan: Plan,
  connections = READERS,
  more = {},
): HttpCase => ({
  kind: 'http',
  name,
  what,
  stand,
  plan,
  connections,
  ...more,
})
const sql = (
  kind: SqlCase['kind'],
  transaction: Transaction,
  database: DatabaseName = 'quickticket',
): SqlCase => ({
  kind,
  name: `${kind}-${transaction}${database === 'quickticket' ? '' : `-${database}`}`,
  what: `the ${transaction === 'checkout' ? 'statements of a checkout' : `SQL of ${transaction}`} by ${kind === 'sql' ? 'bare pg' : 'pgbench'}`,
  transaction,
  database,
  connections: 10,
  ceiling: true,
})
const ceiling = { ceiling: true }

export const CASES: Case[] = [
  http('hello', 'bare node:http', 'hello', LIST, READERS, ceiling),
  http('proxy', 'bare undici in front of hello', 'proxy', LIST, READERS, { ...ceiling, ceilings: ['hello'] }),
  http(
    'hand-list',
    'list, hand-written gateway and service',
    'hand-written quickticket',
    LIST,
    READERS,
    ceiling,
  ),
  http(
    'hand-one',
    'one event, hand-written gateway and service',
    'hand-written quickticket',
    ONE,
    READERS,
    ceiling,
  ),
  sql('sql', 'list'),
  sql('sql', 'one'),
  sql('sql', 'checkout'),
  sql('pgbench', 'list'),
  sql('pgbench', 'one'),
  sql('pgbench', 'checkout'),

  http('list', 'GET /events', 'main', LIST, READERS, {
    ceilings: ['hello', 'hand-list', 'proxy', 'sql-list', 'pgbench-list'],
  }),
  http('one', 'GET /events/1', 'main', ONE, READERS, {
    ceilings: ['hello', 'hand-one', 'proxy', 'sql-one', 'pgbench-one'],
  }),
  http('reserve', 'POST /events/{1–5}/reserve', 'main', RESERVE, READERS, {
    ceilings: ['hello', 'proxy', 'sql-one'],
  }),
  http('checkout', 'reserve and pay', 'main', CHECKOUT, BUYERS, {
    ceilings: ['hello', 'sql-checkout', 'pgbench-checkout'],
  }),
  http(
    'health',
    'GET /health of the gateway',
    'main',
    { kind: 'get', path: '/health', expect: [200] },
    READERS,
    { ceilings: ['hello'] },
  ),
  http('charge', 'POST /charge to payments itself', 'main', { kind: 'charge' }, READERS, {
    ceilings: ['hello'],
    url: (stand: Stand) => stand.children.find(({ name }) => name === 'payments')?.url,
  }),
  http(
    '429',
    'GET /events over the limit of 1/s',
    'limited',
    { kind: 'get', path: '/events', expect: [429, 200] },
    READERS,
    { ceilings: ['hello'] },
  ),
  http(
    'open-circuit',
    'pay while the circuit is open',
    'open-circuit',
    { kind: 'pay', eventId: 1, expect: 503 },
    READERS,
    { ceilings: ['hello', 'proxy'] },
  ),

  http('list-10', 'GET /events, 10 events', 'events_10', LIST, READERS, {
    ceilings: ['hand-list-10', 'sql-list-events_10'],
  }),
  http('list-1000', 'GET /events, 1,000 events', 'events_1000', LIST, READERS, {
    ceilings: ['hand-list-1000', 'sql-list-events_1000'],
  }),
  http('list-100000', 'GET /events, 100,000 events', 'events_100000', LIST, 1, {
    ceilings: ['hand-list-100000', 'sql-list-events_100000'],
  }),
  http('hand-list-10', 'hand-written, 10 events', 'hand-written events_10', LIST, READERS, ceiling),
  http('hand-list-1000', 'hand-written, 1,000 events', 'hand-written events_1000', LIST, READERS, ceiling),
  http('hand-list-100000', 'hand-written, 100,000 events', 'hand-written events_100000', LIST, 1, ceiling),
  sql('sql', 'list', 'events_10'),
  sql('sql', 'list', 'events_1000'),
  { ...sql('sql', 'list', 'events_100000'), connections: 1 },

  http('list-1m', 'GET /events, 1,000,000 orders', 'orders_1m', LIST, READERS, { ceilings: ['list'] }),
  http('reserve-1m', 'reserve, 1,000,000 orders', 'orders_1m', RESERVE, READERS, { ceilings: ['reserve'] }),
  http('list-2', 'GET /events, 2 replicas of each service', 'replicas', LIST, READERS, {
    ceilings: ['list'],
  }),
  http('reserve-2', 'reserve, 2 replicas', 'replicas', RESERVE, READERS, { ceilings: ['reserve'] }),
  http('checkout-2', 'reserve and pay, 2 replicas', 'replicas', CHECKOUT, BUYERS, { ceilings: ['checkout'] }),

  ...traced('list', 'GET /events', LIST),
  ...traced('one', 'GET /events/1', ONE),
  ...traced('reserve', 'reserve', RESERVE),
  ...traced('checkout', 'reserve and pay', CHECKOUT, BUYERS),
]

/** The same with traces: of all requests, and of 1 %. */
function traced(name: string, what: string, plan: Plan, connections = READERS): HttpCase[] {
  const ceilings = { ceilings: [name] }
  return [
    http(`${name}-traced`, `${what}, all traced`, 'traced', plan, connections, ceilings),
    http(`${name}-traced-1`, `${what}, 1 % traced`, 'traced-1', plan, connections, ceilings),
  ]
}

/** The cases with these names and those they are compared with. */
export function selectCases(names: string[]): Case[] {
  const wanted = new Set<string>()
  const want = (name: string) => {
    if (wanted.has(name)) return
    wanted.add(name)
    for (const other of CASES.find((each) => each.name === name)?.ceilings ?? []) want(other)
  }
  for (const name of names) want(name)
  return CASES.filter(({ name }) => wanted.has(name))
}

export function databasesOf(cases: Case[]): Set<DatabaseName> {
  const found = new Set<DatabaseName>(['quickticket'])
  for (const each of cases) {
    if (each.kind !== 'http') found.add(each.database)
    else if (each.stand.startsWith('hand-written ')) found.add(each.stand.slice(13) as DatabaseName)
    else if (/^(events|orders)_/.test(each.stand)) found.add(each.stand as DatabaseName)
  }
  return found
}
