import type { ServiceName } from '@quickticket/contract/services'
import { setFaults } from '../fault-control.ts'
import { type Buyers, sendBuyers, sendCrowd } from './buyers.ts'
import type { Incident } from './incident.ts'
import type { MonitoredSystem } from './monitored-system.ts'

const HIGH_ERROR_RATE = 'QuickTicket High Error Rate'
const BURN_RATE = 'QuickTicket SLO Burn Rate'
const page = (slo: string) => `SLOBurnRatePage ${slo}`
const ticket = (slo: string) => `SLOBurnRateTicket ${slo}`
const AVAILABILITY = 'gateway-availability'
const CHECKOUT = 'checkout-availability'
const LATENCY = 'gateway-latency'

/** Budgets that were spent are still told of when the cause that silenced them is gone. */
const SPENT = [
  page(AVAILABILITY),
  page(CHECKOUT),
  page(LATENCY),
  BURN_RATE,
  HIGH_ERROR_RATE,
  'ErrorLogRate',
  'CircuitOpen',
]
const TICKETS = [ticket(AVAILABILITY), ticket(CHECKOUT), ticket(LATENCY)]

const errorLogs = (...services: string[]) =>
  services.map((service) => (service === 'gateway' ? 'ErrorLogRate' : `ErrorLogRate ${service}`))

/** Everything that goes wrong here, with the alerts that tell of it. */
export function incidents(buyers: { current: Buyers }): Incident[] {
  let crowd: { stop(): void } | undefined
  const injected = (service: ServiceName, faults: string) => ({
    begin: ({ url }: MonitoredSystem) => inject(url[service], faults),
    end: ({ url }: MonitoredSystem) => inject(url[service], ''),
  })
  const stopped = (component: 'payments' | 'redis' | 'postgres') => ({
    begin: (system: MonitoredSystem) => system.container('stop', component),
    end: (system: MonitoredSystem) => system.container('start', component),
  })

  return [
    {
      name: 'payments stopped',
      expected: ['TargetDown payments'],
      allowed: [...SPENT, ...TICKETS],
      ...stopped('payments'),
    },
    {
      name: '50 % of charges fail',
      expected: [page(AVAILABILITY), page(CHECKOUT), HIGH_ERROR_RATE],
      allowed: [BURN_RATE, ...errorLogs('gateway', 'payments'), ...TICKETS],
      ...injected('payments', 'POST /charge 50% status=500'),
    },
    {
      name: 'every charge fails',
      expected: [page(AVAILABILITY), page(CHECKOUT), HIGH_ERROR_RATE, 'CircuitOpen'],
      allowed: [BURN_RATE, ...errorLogs('gateway', 'payments'), ...TICKETS],
      ...injected('payments', 'POST /charge 100% status=500'),
    },
    {
      name: 'charges take 2 s',
      expected: [page(LATENCY)],
      ...injected('payments', 'POST /charge 100% latency=2s'),
    },
    {
      name: 'Redis stopped',
      expected: [page(AVAILABILITY), page(CHECKOUT), HIGH_ERROR_RATE],
      allowed: [BURN_RATE, page(LATENCY), ...errorLogs('gateway', 'events'), ...TICKETS],
      ...stopped('redis'),
    },
    {
      name: 'PostgreSQL stopped',
      expected: [page(AVAILABILITY), page(CHECKOUT), HIGH_ERROR_RATE],
      allowed: [BURN_RATE, page(LATENCY), ...errorLogs('gateway', 'events'), ...TICKETS],
      ...stopped('postgres'),
      awaitTickets: true,
    },
    {
      name: 'DB_MAX_CONNS=1, a slow disk and a crowd',
      expected: ['DatabasePoolSaturated events'],
      allowed: [...SPENT, ...errorLogs('events'), ...TICKETS],
      prepare: async (system) => {
        await system.sql(`ALTER ROLE quickticket SET commit_delay = ${COMMIT_TAKES_MS * 1000}`)
        await system.sql('ALTER ROLE quickticket SET commit_siblings = 0')
        await system.recreate('events', { DB_MAX_CONNS: '1' })
      },
      begin: async ({ url, eventId }) => {
        crowd = sendCrowd(url.gateway, eventId, 24)
      },
      end: async () => crowd?.stop(),
      tidyUp: async (system) => {
        await system.sql('ALTER ROLE quickticket RESET ALL')
        await system.recreate('events', {})
      },
    },
    {
      name: 'gateway killed',
      expected: ['TargetDown gateway'],
      begin: (system) => system.container('kill', 'gateway'),
      end: (system) => system.container('start', 'gateway'),
    },
    {
      name: 'notifications fail',
      expected: ['NotificationsFailing notifications'],
      // the minute by which it outlives them is less than an evaluation here
      allowed: errorLogs('notifications'),
      ...injected('notifications', 'POST /notify 100% status=500'),
    },
    {
      name: 'notifications killed',
      expected: ['TargetDown notifications'],
      begin: (system) => system.container('kill', 'notifications'),
      end: (system) => system.container('start', 'notifications'),
    },
    {
      name: 'an event counts a seat too many',
      expected: ['InvariantViolated events'],
      allowed: errorLogs('events'),
      begin: async (system) => void (await system.sql('UPDATE events SET sold = sold + 1 WHERE id = 2')),
      end: async (system) => void (await system.sql('UPDATE events SET sold = sold - 1 WHERE id = 2')),
    },
    {
      name: 'no buyer comes any more',
      expected: ['NoTraffic'],
      // an hour
      calmS: 45,
      begin: async () => buyers.current.stop(),
      end: async ({ url, eventId }) => {
        buyers.current = sendBuyers(url.gateway, eventId, BUYERS_PER_SECOND)
      },
    },
  ]
}

async function inject(url: string, faults: string): Promise<void> {
  const { status, text } = await setFaults(url, faults)
  if (status !== 200) throw new Error(`${url} does not take ${faults}: ${text}`)
}

/** Long enough for requests to wait for the only connection at every scrape, however fast the machine is. */
const COMMIT_TAKES_MS = 10

export const BUYERS_PER_SECOND = 4
