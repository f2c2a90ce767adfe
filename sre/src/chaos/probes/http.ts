import type { ServiceName } from '@quickticket/contract/services'
import type { Context } from '../../context.ts'
import { durationAt, objectAt, oneOfAt, textAt } from '../../fields.ts'
import { UsageError } from '../../verb.ts'
import type { Probe } from '../probe.ts'
import { serviceAt, urlOf } from '../targets/components.ts'
import { ask, type Take, take, takeAt } from './request.ts'

interface Args {
  /** or a URL, which says it all */
  service: ServiceName | undefined
  path: string
  method: 'GET' | 'POST'
  body: unknown
  take: Take
  timeoutMs: number
}

const MAX_TIMEOUT_MS = 14_000
const DEFAULT_TIMEOUT_MS = 8000

/** One request: its status, how long it took, the name of its error, or a field of its JSON. */
export const http: Probe<Args> = {
  kind: 'http',
  describe: ({ service, path, method, take: what }) =>
    `${what} of ${method} ${service === undefined ? path : `${service} ${path}`}`,
  read(provider, path) {
    const given = objectAt(provider, path, ['url', 'service', 'path', 'method', 'body', 'take', 'timeout'])
    const timeout = durationAt(given.timeout ?? DEFAULT_TIMEOUT_MS / 1000, `${path}.timeout`, {
      maxMs: MAX_TIMEOUT_MS,
    })
    return {
      ...readTarget(given, path),
      method: oneOfAt(given.method ?? 'GET', `${path}.method`, ['GET', 'POST']),
      body: given.body,
      take: takeAt(given.take, `${path}.take`),
      timeoutMs: timeout,
    }
  },
  async measure(context, args) {
    return take(await ask(urlFor(context, args), args), args.take)
  },
}

function readTarget(given: Record<string, unknown>, path: string): Pick<Args, 'service' | 'path'> {
  if (given.url === undefined) {
    const requested = textAt(given.path, `${path}.path`)
    if (!requested.startsWith('/')) throw new UsageError(`${path}.path must begin with /`)
    return { service: serviceAt(given.service ?? 'gateway', `${path}.service`), path: requested }
  }
  const url = textAt(given.url, `${path}.url`)
  if (given.service !== undefined || given.path !== undefined || !/^https?:\/\/\S+$/.test(url)) {
    throw new UsageError(`${path} allows a url that begins with http, or a path and a service`)
  }
  return { service: undefined, path: url }
}

function urlFor(context: Context, { service, path }: Args): string {
  return service === undefined ? path : urlOf(context, service) + path
}
