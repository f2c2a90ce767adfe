import type { Component } from './component.ts'
import { faultToken, labFaults, type ServiceFaults } from './component-faults.ts'
import { type ComponentName, SERVICES, type ServiceName } from './components.ts'
import { type FaultAnswer, readFaults, replaceFaults } from './fault-client.ts'

type Components = Map<ComponentName, Component>

/** What is injected into one service or all. Those that do not run, or do not answer, have no rules to tell. */
export function listFaults(components: Components, service?: ServiceName): Promise<ServiceFaults[]> {
  const asked = service ? [service] : SERVICES
  return Promise.all(
    asked.map((name) => {
      const { address, token } = reach(components, name)
      const answer = token ? readFaults(address, token) : Promise.reject(new Error('not reachable'))
      return answer.then(
        (found) => describe(components, name, found),
        () => describe(components, name),
      )
    }),
  )
}

/** Replaces the rules of one service, or of all that run. @throws Error in one sentence */
export async function setFaults(
  components: Components,
  faults: string,
  service?: ServiceName,
): Promise<ServiceFaults[]> {
  const running = SERVICES.filter((name) => components.get(name)?.status().state === 'running')
  const changed = (service ? [service] : running).map(async (name) => {
    const { address, token, state } = reach(components, name)
    if (state !== 'running') throw new Error(`${name} is ${state}`)
    if (!token)
      throw new Error(`${name} was started without FAULT_ADMIN_TOKEN, so its faults cannot be changed`)
    const found = await replaceFaults(address, token, faults).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`)
    })
    return describe(components, name, found)
  })
  return Promise.all(changed)
}

function reach(components: Components, name: ServiceName) {
  const component = components.get(name)
  const { state = 'stopped', address = '' } = component?.status() ?? {}
  const environment = state === 'running' ? component?.environment() : undefined
  return { state, address, token: environment && faultToken(environment) }
}

function describe(components: Components, service: ServiceName, found?: FaultAnswer): ServiceFaults {
  const environment = components.get(service)?.environment() ?? {}
  return {
    service,
    variables: labFaults(service, environment),
    rules: found?.rules,
    sealed: found?.sealed ?? false,
  }
}
