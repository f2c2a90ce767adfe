import { realpathSync } from 'node:fs'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import type { ServiceFaults } from './component-faults.ts'
import type { ComponentName, ServiceName } from './components.ts'
import type { SystemStatus, Verb } from './control-protocol.ts'
import { controlSocket } from './data-dir.ts'
import type { Environment } from './options.ts'
import { isRunning } from './processes.ts'
import { waitUntil } from './wait.ts'

export type Control = {
  status(): Promise<SystemStatus>
  /** Waits until the whole system is started. */
  ready(timeoutMs: number): Promise<SystemStatus>
  /** SIGTERM, and waits; PostgreSQL ends connections and shuts down. */
  stop(component: ComponentName): Promise<void>
  /** SIGKILL, and waits. */
  kill(component: ComponentName): Promise<void>
  /** Waits until it answers. The variables are for this one start. */
  start(component: ComponentName, variables?: Environment): Promise<void>
  restart(component: ComponentName, variables?: Environment): Promise<void>
  pause(component: ComponentName): Promise<void>
  resume(component: ComponentName): Promise<void>
  /** What is injected into a service, or into each. */
  faults(service?: ServiceName): Promise<ServiceFaults[]>
  /** Replaces the rules of a service, or of each that runs; an empty text ends them. */
  setFaults(faults: string, service?: ServiceName): Promise<ServiceFaults[]>
  /** Stops the whole system, and waits until it is gone. */
  down(): Promise<void>
}

const DOWN_TIMEOUT_MS = 20_000

/** The running system of a data directory. Every call fails with one line that says why. */
export function connectControl(dataDir: string): Control {
  const operate = async (verb: Verb, component: ComponentName, variables: Environment = {}) => {
    await ask(dataDir, `/${verb}/${component}`, variables)
  }
  const status = () => ask<SystemStatus>(dataDir, '/status')
  return {
    status,
    stop: (component) => operate('stop', component),
    kill: (component) => operate('kill', component),
    start: (component, variables) => operate('start', component, variables),
    restart: (component, variables) => operate('restart', component, variables),
    pause: (component) => operate('pause', component),
    resume: (component) => operate('resume', component),
    faults: (service = '' as ServiceName) => ask(dataDir, `/faults/${service}`),
    setFaults: (faults, service = '' as ServiceName) => ask(dataDir, `/faults/${service}`, { faults }),
    async ready(timeoutMs) {
      const isReady = async () => (await status().catch(() => undefined))?.state === 'ready'
      if (await waitUntil(isReady, timeoutMs, 50)) return status()
      throw new Error(`QuickTicket in ${dataDir} is not ready after ${timeoutMs} ms`)
    },
    async down() {
      const { pid } = await ask<SystemStatus>(dataDir, '/down')
      if (!(await waitUntil(() => !isRunning(pid), DOWN_TIMEOUT_MS))) {
        throw new Error(`QuickTicket (pid ${pid}) has not stopped yet`)
      }
    },
  }
}

async function ask<T>(dataDir: string, path: string, body?: Environment): Promise<T> {
  const answer = await send<T | Failure>(socketOf(dataDir), path, JSON.stringify(body ?? {})).catch(
    (error) => {
      if (error.code === 'EACCES')
        throw new Error('QuickTicket was started by another user: control it as that one')
      throw new Error(`QuickTicket is not running (${dataDir}): start it with npm start`)
    },
  )
  if (isFailure(answer)) throw new Error(answer.error)
  return answer
}

type Failure = { error: string }

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'error' in answer
}

/** Sends a request to the socket of a running system. Without `timeoutMs` it waits as long as a component takes to start. */
export function send<T>(socketPath: string, path: string, body: string, timeoutMs = 0): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path, method: 'POST', agent: false, timeout: timeoutMs },
      (response) => {
        json(response).then((answer) => resolve(answer as T), reject)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`${timeoutMs / 1000} s`)))
    sent.on('error', reject)
    sent.end(body)
  })
}

function socketOf(dataDir: string): string {
  try {
    return controlSocket(realpathSync(dataDir))
  } catch {
    // without the directory there is no socket: the request says that nothing runs
    return controlSocket(dataDir)
  }
}
