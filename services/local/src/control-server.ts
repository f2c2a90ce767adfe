import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Component } from './component.ts'
import { type ComponentName, isService } from './components.ts'
import type { SystemStatus, Verb } from './control-protocol.ts'
import type { Environment } from './options.ts'

export type Controlled = {
  components: Map<ComponentName, Component>
  status(): SystemStatus
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
      if (verb === 'down') controlled.down()
      else if (verb !== 'status') {
        await operate(verb as Verb, component as ComponentName, (await json(request)) as Environment)
      }
      response.end(JSON.stringify(controlled.status()))
    } catch (error) {
      response.writeHead(409).end(JSON.stringify({ error: (error as Error).message }))
    }
  }

  return () => {
    server.close()
    server.closeAllConnections()
  }
}

/** One operation at a time for each component, so that a stop waits for the start before it. */
function createOperator({ components, status }: Controlled) {
  const last = new Map<ComponentName, Promise<void>>()
  return (verb: Verb, name: ComponentName, variables: Environment): Promise<void> => {
    const component = components.get(name)
    if (!component)
      throw new Error(`there is no ${name} here; there are ${[...components.keys()].join(', ')}`)
    if (status().state !== 'ready') throw new Error(`QuickTicket is ${status().state}: try again in a moment`)
    refuseVariables(name, variables)
    const done = (last.get(name) ?? Promise.resolve()).then(() => perform(verb, component, variables))
    last.set(
      name,
      done.catch(() => {}),
    )
    return done
  }
}

async function perform(verb: Verb, component: Component, variables: Environment): Promise<void> {
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

function refuseVariables(name: ComponentName, variables: Environment): void {
  const names = Object.keys(variables)
  if (names.length === 0) return
  if (!isService(name)) throw new Error(`${name} takes no variables, only the four services do`)
  if (names.includes('PORT')) throw new Error('PORT stays what it was when the system was started')
}
