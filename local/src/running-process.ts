import type { ChildProcess } from 'node:child_process'
import { listProcesses, sendSignal } from './processes.ts'
import type { Watchdog } from './watchdog.ts'

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

export type RunningProcess = {
  pid: number
  exited: Promise<Exit>
  isRunning(): boolean
  /** Sends the signal, also to a paused process, and waits; kills when the grace time is over. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<Exit>
  kill(): Promise<Exit>
  pause(): void
  resume(): void
}

/** Signals for a child and, where they must not go on without it, for the children it has itself. */
export function controlProcess(child: ChildProcess, watchdog: Watchdog): RunningProcess {
  const pid = child.pid as number
  let paused: number[] = []
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const isRunning = () => child.exitCode === null && child.signalCode === null

  function signalAll(pids: number[], signal: NodeJS.Signals) {
    for (const each of pids) if (each !== pid || isRunning()) sendSignal(each, signal)
  }

  function resume() {
    signalAll(paused, 'SIGCONT')
    for (const each of paused) if (each !== pid) watchdog.remove(each)
    paused = []
  }

  function kill(): Promise<Exit> {
    signalAll([pid, ...descendantsOf(pid)], 'SIGKILL')
    resume()
    return exited
  }

  return {
    pid,
    exited,
    isRunning,
    resume,
    kill,
    async stop(signal, graceMs) {
      signalAll([pid], signal)
      resume()
      const timer = setTimeout(kill, graceMs)
      return exited.finally(() => clearTimeout(timer))
    },
    pause() {
      signalAll([pid], 'SIGSTOP')
      const children = descendantsOf(pid)
      signalAll(children, 'SIGSTOP')
      // the watchdog cannot see who belongs to whom
      for (const each of children) watchdog.add(each, 'SIGCONT')
      paused = [pid, ...children]
    },
  }
}

function descendantsOf(pid: number): number[] {
  const everyone = listProcesses()
  const family = [pid]
  for (const member of family) {
    family.push(...everyone.filter((found) => found.parent === member).map((found) => found.pid))
  }
  return family.slice(1)
}
