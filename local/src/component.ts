import { labFaults } from './component-faults.ts'
import { type ComponentName, isService } from './components.ts'
import type { Environment } from './options.ts'
import type { Exit, RunningProcess } from './running-process.ts'

export type ComponentState = 'stopped' | 'starting' | 'running' | 'paused'

export type ComponentStatus = {
  component: ComponentName
  state: ComponentState
  /** where it listens: a URL for a service, host:port for a server */
  address: string
  pid?: number
  /** of a service: what was given for this one start */
  variables?: Environment
  /** of a service: what the labs' variables inject, NAME=value */
  injected?: string[]
}

/** What a launch yields: the process, and how it is asked to stop. */
export type Launched = Omit<RunningProcess, 'stop'> & {
  stop(graceMs: number): Promise<Exit>
  /** of a service: all its variables */
  environment?: Environment
}

/** Starts the process and waits until it answers. */
export type Launch = (variables: Environment) => Promise<Launched>

export type Component = {
  status(): ComponentStatus
  /** of a service that runs: all its variables */
  environment(): Environment | undefined
  start(variables?: Environment): Promise<void>
  stop(graceMs: number): Promise<void>
  kill(): Promise<void>
  pause(): void
  resume(): void
}

/** One part of the system that can be stopped, killed, paused and started while the others run. */
export function createComponent(
  name: ComponentName,
  address: string,
  launch: Launch,
  onUnexpectedExit: (name: ComponentName, exit: Exit) => void,
): Component {
  let state: ComponentState = 'stopped'
  let running: Launched | undefined
  let given: Environment = {}

  function noteExit(launched: Launched) {
    void launched.exited.then((exit) => {
      if (running !== launched) return
      running = undefined
      state = 'stopped'
      onUnexpectedExit(name, exit)
    })
  }

  /** From here on its end is expected. */
  function release(): Launched | undefined {
    const released = running
    running = undefined
    state = 'stopped'
    return released
  }

  return {
    status: () => ({
      component: name,
      state,
      address,
      ...(running && { pid: running.pid }),
      ...(running?.environment && describe(name, running.environment, given)),
    }),
    environment: () => running?.environment,
    async start(variables = {}) {
      if (state !== 'stopped') throw new Error(`${name} is ${state} already`)
      state = 'starting'
      try {
        running = await launch(variables)
        given = variables
        state = 'running'
        noteExit(running)
      } catch (error) {
        state = 'stopped'
        throw error
      }
    },
    async stop(graceMs) {
      await release()?.stop(graceMs)
    },
    async kill() {
      await release()?.kill()
    },
    pause() {
      if (!running) throw new Error(`${name} is not running`)
      running.pause()
      state = 'paused'
    },
    resume() {
      if (!running) throw new Error(`${name} is not running`)
      running.resume()
      state = 'running'
    },
  }
}

function describe(name: ComponentName, environment: Environment, given: Environment) {
  const injected = isService(name) ? labFaults(name, environment) : []
  return {
    ...(Object.keys(given).length > 0 && { variables: withoutSecrets(given) }),
    ...(injected.length > 0 && { injected }),
  }
}

function withoutSecrets(given: Environment): Environment {
  const isSecret = (name: string) => /(TOKEN|PASS)$/.test(name)
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isSecret(name) ? '(hidden)' : value]),
  )
}
