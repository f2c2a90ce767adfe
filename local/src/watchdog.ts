import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type EndableProcess,
  endProcesses,
  inspectProcess,
  isRunning,
  type ProcessInfo,
} from './processes.ts'
import { waitUntil } from './wait.ts'

/** Sees to it that no process outlives this one, even when this one is killed. */
export type Watchdog = {
  /** Starts a process in a session of its own, so that Ctrl-C does not reach it; `signal` is what ends it. */
  spawn(file: string, args: string[], options: SpawnOptions, signal: NodeJS.Signals): Promise<ChildProcess>
  add(pid: number, signal: NodeJS.Signals): void
  remove(pid: number): void
  /** Ends whatever still runs, and starts nothing any more. */
  endAll(graceMs: number): Promise<void>
}

/** @param recordFile where the processes are written down, in case that even the watchdog is killed */
export async function startWatchdog(recordFile?: string): Promise<Watchdog> {
  const script = fileURLToPath(new URL('watchdog.sh', import.meta.url))
  const shell = spawn('/bin/sh', [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  await once(shell, 'spawn')
  // a shell that was killed cannot be told; `record` still has the list
  shell.stdin.on('error', () => {})
  shell.unref()
  const watched = new Map<number, EndableProcess>()
  let closed = false
  const watchdogProcess = inspectProcess(shell.pid as number)

  function record() {
    if (recordFile === undefined) return
    try {
      mkdirSync(dirname(recordFile), { recursive: true })
      if (watched.size === 0) rmSync(recordFile, { force: true })
      else
        writeFileSync(
          recordFile,
          JSON.stringify({ watchdog: watchdogProcess, processes: [...watched.values()] }),
        )
    } catch {
      // on a full disk only the shell script has the list
    }
  }

  function add(pid: number, signal: NodeJS.Signals) {
    const found = inspectProcess(pid)
    if (!found) return
    shell.stdin.write(`add ${pid} ${signal.slice(3)}\n`)
    watched.set(pid, { ...found, signal })
    record()
  }

  function remove(pid: number) {
    shell.stdin.write(`del ${pid}\n`)
    watched.delete(pid)
    record()
  }

  return {
    add,
    remove,
    async endAll(graceMs) {
      closed = true
      await endProcesses([...watched.values()], graceMs)
      if (recordFile !== undefined) rmSync(recordFile, { force: true })
    },
    async spawn(file, args, options, signal) {
      if (closed) throw new Error('stopping')
      const child = spawn(file, args, { ...options, detached: true })
      const { pid } = child
      if (pid !== undefined) {
        add(pid, signal)
        child.once('exit', () => remove(pid))
      }
      await once(child, 'spawn')
      return child
    },
  }
}

/** Ends what an earlier run has left behind, when it could not do so itself. */
export async function endLeftovers(recordFile: string): Promise<void> {
  const { watchdog, processes } = readRecord(recordFile)
  if (watchdog) await waitUntil(() => !isRunning(watchdog.pid, watchdog.startedAt), 10_000)
  await endProcesses(processes, 5000)
  rmSync(recordFile, { force: true })
}

function readRecord(file: string): { watchdog?: ProcessInfo; processes: EndableProcess[] } {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // the last run ended its processes, or its record was not written completely
    return { processes: [] }
  }
}
