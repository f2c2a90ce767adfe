import { COMPONENTS, DEFAULT_PORTS, portVariable } from './components.ts'
import type { SystemStatus } from './control-protocol.ts'

const PORTS = COMPONENTS.toReversed()
  .map((name) => `  ${portVariable(name).padEnd(20)} ${DEFAULT_PORTS[name]}`)
  .join('\n')

export const HELP = `npm start                 the whole of QuickTicket on this machine: four services, PostgreSQL, Redis
npm start -- --fresh      the same, from empty data
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

export const CONTROL_HELP = `npm run local -- status                      what runs where
npm run local -- stop <component>            ask it to end, and wait (SIGTERM)
npm run local -- kill <component>            end it at once (SIGKILL)
npm run local -- start <component>           start it again, and wait until it answers
npm run local -- restart <component>         stop, then start
npm run local -- pause <component>           freeze it: it is there, but does not answer (SIGSTOP)
npm run local -- resume <component>          let it go on (SIGCONT)
npm run local -- refill                      seats of the five events are free again, after a load
npm run local -- down                        stop the whole system

A component is one of ${COMPONENTS.join(', ')}.
start and restart take variables for this one start of a service:
  npm run local -- restart payments PAYMENT_FAILURE_RATE=0.3 PAYMENT_LATENCY_MS=200
  npm run local -- restart payments          back to the variables of npm start`

export const NO_REDIS =
  'no Redis here: held seats live in the events process and are lost with it; to get Redis: ' +
  'sudo apt-get install redis-server, or brew install redis'

export function statusTable({ state, pid, components }: SystemStatus): string {
  const rows = components.map(({ component, state, address, pid }) => [component, state, address, pid ?? '-'])
  const table = [['component', 'state', 'address', 'pid'], ...rows].map(([name, ...rest]) =>
    [String(name).padEnd(14), String(rest[0]).padEnd(9), String(rest[1]).padEnd(23), rest[2]].join(' '),
  )
  return [...table, `QuickTicket is ${state} (runner: pid ${pid})`].join('\n')
}

export function readyText(status: SystemStatus): string {
  const gateway = status.components.find(({ component }) => component === 'gateway')?.address
  return `
${statusTable(status)}
data and logs: ${status.dataDir}

Try it
  curl ${gateway}/events
  curl -X POST ${gateway}/events/1/reserve -H 'content-type: application/json' -d '{"quantity":2}'
  curl -X POST ${gateway}/reserve/RESERVATION_ID/pay
Read the API     ${gateway}/docs
Inject a fault   PAYMENT_FAILURE_RATE=0.3 npm start
                 npm run local -- restart payments PAYMENT_FAILURE_RATE=0.3
Break a part     npm run local -- stop redis          (--help lists more)
Stop             Ctrl-C, or npm run local -- down
`
}

/** Node's own messages about arguments go on with advice for programmers. */
export function firstSentence(error: unknown): string {
  return (error as Error).message.split(/[.] |\n/, 1)[0] as string
}
