import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Component } from './component.ts'
import { type ComponentName, isService, type ServiceName } from './components.ts'
import type { SystemStatus, Verb } from './control-protocol.ts'
import { listFaults, setFaults } from './fault-control.ts'
import type { Environment } from './options.ts'

export type Controlled = {
  components: Map<ComponentName, Component>
  status(): SystemStatus
  /** where PostgreSQL and Redis are, as events has been told */
  storeVariables(): Environment
  down(): void
}

/** As long as a service may take to finish what it does. */
const STOP_GRACE_MS = 30_000

/**
 * Listens on a socket that only this user may open.
 *
 * @returns stops listening
 */
export async function serveControl(socket: string, controlled: Controlled): Promise<() => void> {
  const operate = createOperator(controlled)
  const server = createServer((request, response) => void answer(request, response))
  rmSync(socket, { force: true })
  const umask = process.umask(0o177)
  server.listen(socket)
  process.umask(umask)
  await once(server, 'listening')
  chmodSync(socket, 0o600)

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const [, verb = '', component = ''] = (request.url ?? '').split('/')
    try {
      const body = (await json(request)) as Environment
      response.end(JSON.stringify(await perform(verb, component as ComponentName, body)))
    } catch (error) {
      response.writeHead(409).end(JSON.stringify({ error: (error as Error).message }))
    }
  }

  async function perform(verb: string, component: ComponentName, body: Environment): Promise<unknown> {
    if (verb === 'variables') return controlled.storeVariables()
    if (verb === 'faults') return faults(controlled, component, body)
    if (verb === 'down') controlled.down()
    else if (verb !== 'status') await operate(verb as Verb, component, body)
    return controlled.status()
  }

  return () => {
    server.close()
    server.closeAllConnections()
  }
}

function faults({ components, status }: Controlled, name: ComponentName, { faults: wanted }: Environment) {
  refuseUnlessStarted(status())
  if (name && !isService(name))
    throw new Error(`${name} has no faults to inject, only the four services have`)
  const service = (name || undefined) as ServiceName | undefined
  return wanted === undefined ? listFaults(components, service) : setFaults(components, wanted, service)
}

function refuseUnlessStarted({ state }: SystemStatus): void {
  if (state === 'starting' || state === 'stopping')
    throw new Error(`QuickTicket is ${state}: try again in a moment`)
}

/** One operation at a time for each component, so that a stop waits for the start before it. */
function createOperator({ components, status }: Controlled) {
  const last = new Map<ComponentName, Promise<void>>()
  return async (verb: Verb, name: ComponentName, variables: Environment): Promise<void> => {
    const component = components.get(name)
    if (!component)
      throw new Error(`there is no ${name} here; there are ${[...components.keys()].join(', ')}`)
    refuseUnlessStarted(status())
    await refuseVariables(name, variables)
    const done = (last.get(name) ?? Promise.resolve()).then(() => operateOn(verb, component, variables))
    last.set(
      name,
      // the caller of `done` gets the error; the next command must run all the same
      done.catch(() => {}),
    )
    return done
  }
}

async function operateOn(verb: Verb, component: Component, variables: Environment): Promise<void> {
  switch (verb) {
    case 'stop':
      return component.stop(STOP_GRACE_MS)
    case 'kill':
      return component.kill()
    case 'pause':
      return component.pause()
    case 'resume':
      return component.resume()
    case 'restart':
      await component.stop(STOP_GRACE_MS)
      return component.start(variables)
    case 'start':
      if (component.status().state === 'running' && Object.keys(variables).length === 0) return
      return component.start(variables)
    default:
      throw new Error(`there is no command ${verb}`)
  }
}

/** The schemas of all services are loaded when they are needed first: the start is shorter without them. */
async function refuseVariables(name: ComponentName, variables: Environment): Promise<void> {
  if (Object.keys(variables).length === 0) return
  const known = await import('./known-variables.ts')
  known.refuseVariables(name, variables)
}
