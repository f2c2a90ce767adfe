import type { ComponentName } from './components.ts'
import type { Environment } from './options.ts'
import type { Exit, RunningProcess } from './running-process.ts'

export type ComponentState = 'stopped' | 'starting' | 'running' | 'paused'

export type ComponentStatus = {
  component: ComponentName
  state: ComponentState
  /** where it listens: a URL for a service, host:port for a server */
  address: string
  pid?: number
}

/** What a launch yields: the process, and how it is asked to stop. */
export type Launched = Omit<RunningProcess, 'stop'> & { stop(graceMs: number): Promise<Exit> }

/** Starts the process and waits until it answers. */
export type Launch = (variables: Environment) => Promise<Launched>

export type Component = {
  status(): ComponentStatus
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
    status: () => ({ component: name, state, address, ...(running && { pid: running.pid }) }),
    async start(variables = {}) {
      if (state !== 'stopped') throw new Error(`${name} is ${state} already`)
      state = 'starting'
      try {
        running = await launch(variables)
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
