import type { ServiceName } from '@quickticket/contract/services'
import { durationAt, numberAt, objectAt, oneOfAt } from '../../fields.ts'
import { CannotTell, UsageError } from '../../verb.ts'
import type { Injection } from '../injection.ts'
import type { Link } from '../proxy/delayed.ts'
import { type Component, portOf } from '../targets/components.ts'
import { putBack, replaceByCopy } from '../targets/copy.ts'
import { findContainer } from '../targets/docker.ts'
import { removeProxy, startProxy } from '../targets/proxy-container.ts'
import { endWatchdog, newLease, startWatchdog } from '../watchdog/watchdog.ts'
import { faults } from './faults.ts'

interface Args {
  from: ServiceName
  to: Component
  link: Link
}

type FaultData = Awaited<ReturnType<typeof faults.prepare>>

type Data =
  | {
      by: 'proxy'
      lease: string
      id: string
      name: string
      proxy: string
      to: Component
      from: ServiceName
      link: Link
    }
  | { by: 'faults'; faults: FaultData }

const KIND = 'network'
const MAX_LATENCY_MS = 60_000
/** Which variables of a service name what it calls. */
const LINKS: Partial<Record<ServiceName, Partial<Record<Component, string>>>> = {
  gateway: {
    events: 'EVENTS_URL',
    payments: 'PAYMENTS_URL',
    notifications: 'NOTIFICATIONS_URL',
    redis: 'REDIS_HOST',
  },
  events: { payments: 'PAYMENTS_URL', postgres: 'DB_HOST', redis: 'REDIS_HOST' },
}

/**
 * Latency and loss between a service and what it calls. With Compose by a proxy between them, which a copy of the service connects to.
 * In a cluster the called service delays its answers (docs/faults.md), those to others too.
 */
export const network: Injection<Args, Data> = {
  kind: KIND,
  describe: ({ from, to, link }) => `${linkText(link)} between ${from} and ${to}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['from', 'to', 'latency', 'jitter', 'loss'])
    const from = oneOfAt(given.from, `${path}.from`, Object.keys(LINKS) as ServiceName[])
    const to = oneOfAt(given.to, `${path}.to`, Object.keys(LINKS[from] ?? {}) as Component[])
    const latencyMs = durationAt(given.latency ?? 0, `${path}.latency`, { maxMs: MAX_LATENCY_MS })
    const link = {
      latencyMs,
      jitterMs: durationAt(given.jitter ?? 0, `${path}.jitter`, { maxMs: latencyMs }),
      loss: numberAt(given.loss ?? 0, `${path}.loss`, { min: 0, max: 100 }) / 100,
    }
    if (link.latencyMs > 0 || link.loss > 0) return { from, to, link }
    throw new UsageError(`${path} changes nothing; allowed: latency such as 200ms, or loss in percent`)
  },
  async prepare(context, { from, to, link }) {
    if (context.system === 'compose') {
      const { Id, Name } = await findContainer(context, from)
      const lease = newLease()
      const proxy = `${Name.slice(1)}-to-${to}-proxy`
      return { by: 'proxy', lease, id: Id, name: Name.slice(1), proxy, from, to, link }
    }
    if (to === 'postgres' || to === 'redis') {
      throw new CannotTell(`"network" reaches ${to} with Compose only`, `SRE_SYSTEM=${context.system}`)
    }
    return { by: 'faults', faults: await faults.prepare(context, { service: to, rules: rulesOf(link) }) }
  },
  async inject(context, data, limits) {
    if (data.by === 'faults') return faults.inject(context, data.faults, limits)
    await startWatchdog(context, data.lease, { kind: KIND, data, ...limits })
    const { id, proxy, from, to, link } = data
    await startProxy(proxy, id, { host: to, port: portOf(to), link })
    const name = LINKS[from]?.[to] ?? ''
    await replaceByCopy(data, { [name]: name.endsWith('_URL') ? `http://${proxy}:${portOf(to)}` : proxy })
  },
  async rollback(context, data) {
    if (data.by === 'faults') return faults.rollback(context, data.faults)
    await putBack(data)
    await removeProxy(data.proxy)
    endWatchdog(context, data.lease)
  },
}

/** The grammar has no loss: a lost packet is one that comes after TCP has sent it again. */
function rulesOf({ latencyMs, jitterMs, loss }: Link): string {
  const from = Math.round(latencyMs - jitterMs)
  const to = Math.round(latencyMs + jitterMs)
  return [
    latencyMs > 0 && `100% latency=${from === to ? `${from}ms` : `${from}ms..${to}ms`}`,
    loss > 0 && `${loss * 100}% latency=200ms`,
  ]
    .filter(Boolean)
    .join('; ')
}

function linkText({ latencyMs, jitterMs, loss }: Link): string {
  const latency = latencyMs > 0 && `${latencyMs} ms${jitterMs > 0 ? ` ± ${jitterMs} ms` : ''}`
  return [latency, loss > 0 && `${loss * 100} % loss`].filter(Boolean).join(' and ')
}
