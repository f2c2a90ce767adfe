import { variables as events } from '@quickticket/events/config'
import { variables as gateway } from '@quickticket/gateway/config'
import { variables as notifications } from '@quickticket/notifications/config'
import { variables as payments } from '@quickticket/payments/config'
import { type ComponentName, isService, SERVICES, type ServiceName } from './components.ts'
import { nearest } from './did-you-mean.ts'
import type { Environment } from './options.ts'

const SCHEMAS: Record<ServiceName, Record<string, object>> = { gateway, events, payments, notifications }
/** Of Node.js itself. */
const OF_THE_RUNTIME = /^(NODE_\w+|UV_\w+|TZ)$/

/** What a service reads: its variables, and for a secret also the one that names a file. */
export function variablesOf(service: ServiceName): string[] {
  return Object.entries(SCHEMAS[service]).flatMap(([name, schema]) =>
    'secret' in schema ? [name, `${name}_FILE`] : [name],
  )
}

/** @throws Error that names every variable that the component does not read, and the one that was probably meant */
export function refuseVariables(component: ComponentName, given: Environment): void {
  const names = Object.keys(given)
  if (names.length === 0) return
  if (!isService(component)) throw new Error(`${component} takes no variables, only the four services do`)
  if (names.includes('PORT')) throw new Error('PORT stays what it was when the system was started')
  const own = variablesOf(component)
  const strange = names.filter((name) => !own.includes(name) && !OF_THE_RUNTIME.test(name))
  if (strange.length > 0) throw new Error(strange.map((name) => whyStrange(component, name)).join('; '))
}

function whyStrange(component: ServiceName, name: string): string {
  const readers = SERVICES.filter((service) => variablesOf(service).includes(name))
  if (readers.length > 0) {
    return `${component} does not read ${name}; ${readers.join(' and ')} ${readers.length > 1 ? 'do' : 'does'}`
  }
  const own = nearest(name, variablesOf(component))
  if (own) return `${component} does not read ${name}: did you mean ${own}?`
  const reader = SERVICES.find((service) => nearest(name, variablesOf(service)))
  if (!reader) return `${component} does not read ${name}: docs/configuration.md lists what it reads`
  return `${component} does not read ${name}: did you mean ${nearest(name, variablesOf(reader))} of ${reader}?`
}

/** Variables of an environment that look like one of a service and are none, a sentence each. */
export function findSlips(environment: Environment): string[] {
  const known = [...new Set(SERVICES.flatMap(variablesOf))]
  const long = known.filter((name) => name.includes('_'))
  return Object.keys(environment)
    .filter((name) => name.includes('_') && !known.includes(name) && !OF_THE_RUNTIME.test(name))
    .flatMap((name) => {
      const meant = SHELLS_OWN.test(name) ? undefined : nearest(name, long)
      return meant ? [`no service reads ${name}: did you mean ${meant}?`] : []
    })
}

/** Ports of the runner, and what npm and Kubernetes set. */
const SHELLS_OWN = /^(npm_|QUICKTICKET_)|_(PORT|SERVICE_HOST|ADDR|PROTO)$/
