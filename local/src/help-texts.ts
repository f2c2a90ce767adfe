import { COMMANDS } from './commands.ts'
import { COMPONENTS, DEFAULT_PORTS, portVariable } from './components.ts'
import type { SystemStatus } from './control-protocol.ts'
import { componentTable } from './status-text.ts'

const PORTS = COMPONENTS.toReversed()
  .map((name) => `  ${portVariable(name).padEnd(20)} ${DEFAULT_PORTS[name]}`)
  .join('\n')

export const HELP = `npm start                 the whole of QuickTicket on this machine: four services, PostgreSQL, Redis
npm start -- --fresh      the same, from empty data
npm start -- --sre        also the page of budgets, incidents and readiness, on SRE_PORT
npm start -- --json       log lines as JSON also on a terminal (when piped they always are)
npm start -- --help       this text

Ctrl-C stops everything. Data is kept until --fresh. From a second terminal, single parts can be stopped, killed,
paused and started again: npm run local -- --help

Environment of the runner
  QUICKTICKET_DATA_DIR  where data and logs are kept (default .quickticket)
Ports; 0 takes any free one. PostgreSQL and Redis look for a free one themselves when theirs is in use.
${PORTS}

Every variable of a service works here too, because the services inherit the environment:
  PAYMENT_FAILURE_RATE=0.3 PAYMENT_LATENCY_MS=200 npm start
  RETRY_MAX=3 CB_FAILURE_THRESHOLD=5 npm start
Only PORT, DB_* (but DB_MAX_CONNS and timeouts) and REDIS_HOST are set by the runner. Without redis-server or
valkey-server in the PATH, HOLD_STORE is memory.`

const COMMAND_LINES = COMMANDS.map(
  ({ name, takes, summary }) => `npm run local -- ${`${name} ${takes}`.padEnd(36)} ${summary}`,
).join('\n')

export const CONTROL_HELP = `${COMMAND_LINES}

A component is one of ${COMPONENTS.join(', ')}.
start and restart take variables for this one start of a service:
  npm run local -- restart payments PAYMENT_FAILURE_RATE=0.3 PAYMENT_LATENCY_MS=200
  npm run local -- restart payments          back to the variables of npm start
faults changes rules of docs/faults.md while the service runs:
  npm run local -- faults payments "POST /charge 30% status=503"
  npm run local -- faults none               of all services
--json prints what is known as JSON. Exit codes are 0 when it was done, 1 when it was not, 2 for a wrong command.`

export const NO_REDIS =
  'no Redis here: held seats live in the events process and are lost with it\n' +
  '(to get Redis: sudo apt-get install redis-server, or brew install redis)'

/**
 * What is told when all runs: only what can be done now, here.
 *
 * @param dataDir '' where it is the usual one
 */
export function readyText(status: SystemStatus, dataDir: string): string {
  const { pid, components } = status
  const gateway = components.find(({ component }) => component === 'gateway')?.address
  const part = components.some(({ component }) => component === 'redis') ? 'redis' : 'payments'
  const local = `${dataDir && `QUICKTICKET_DATA_DIR=${dataDir} `}npm run local --`
  return `
${componentTable(components)}
QuickTicket is ready (runner: pid ${pid})
data and logs: ${status.dataDir}

Try it
  curl ${gateway}/events
  curl -X POST ${gateway}/events/1/reserve -H 'content-type: application/json' -d '{"quantity":2}'
  curl -X POST ${gateway}/reserve/RESERVATION_ID/pay     (its id is in the answer before)
Read the API ${gateway}/docs
In a second terminal
  ${local} restart payments PAYMENT_FAILURE_RATE=0.3
  ${local} stop ${part}
  ${local} --help
Stop         Ctrl-C here, or ${local} down
`
}

/** Node's own messages about arguments go on with advice for programmers. */
export function firstSentence(error: unknown): string {
  return (error as Error).message.split(/[.] |\n/, 1)[0] as string
}
