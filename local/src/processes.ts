import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { waitUntil } from './wait.ts'

/** A process that may be anyone's. A pid is used again after a while, a pid with its start time is not. */
export type ProcessInfo = { pid: number; parent: number; startedAt: string }

/** With the signal that asks it to end. */
export type EndableProcess = ProcessInfo & { signal: NodeJS.Signals }

/** What the system knows about a process; undefined when it is gone, or dead and only not yet collected. */
export function inspectProcess(pid: number): ProcessInfo | undefined {
  if (!hasProcFs()) return listWithPs(['-p', String(pid)])[0]
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // the process is gone
    return undefined
  }
}

export function listProcesses(): ProcessInfo[] {
  if (!hasProcFs()) return listWithPs(['-ax'])
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => inspectProcess(Number(name)) ?? [])
}

export function isRunning(pid: number, startedAt?: string): boolean {
  const found = inspectProcess(pid)
  return found !== undefined && (startedAt === undefined || found.startedAt === startedAt)
}

/** Sends a signal; a process that is already gone is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Asks processes to end, also paused ones, and kills what is left after the grace time. */
export async function endProcesses(processes: EndableProcess[], graceMs: number): Promise<void> {
  const left = () => processes.filter(({ pid, startedAt }) => isRunning(pid, startedAt))
  for (const { pid, signal } of left()) {
    sendSignal(pid, signal)
    sendSignal(pid, 'SIGCONT')
  }
  if (await waitUntil(() => left().length === 0, graceMs)) return
  for (const { pid } of left()) sendSignal(pid, 'SIGKILL')
  await waitUntil(() => left().length === 0, 5000)
}

function hasProcFs(): boolean {
  return existsSync('/proc/self/stat')
}

/** The name, in brackets, may hold anything: fields are counted from the last bracket. */
function parseStat(stat: string): ProcessInfo | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  if (state === 'Z' || state === 'X') return undefined
  return { pid: Number.parseInt(stat, 10), parent: Number(parent), startedAt: String(fields[19]) }
}

function listWithPs(selection: string[]): ProcessInfo[] {
  const ps = spawnSync('/bin/ps', [...selection, '-o', 'pid=,ppid=,stat=,lstart='], { encoding: 'utf8' })
  return (ps.stdout ?? '').split('\n').flatMap((line) => {
    const [pid, parent, state, ...startedAt] = line.trim().split(/\s+/)
    if (!pid || !state || state.startsWith('Z')) return []
    return { pid: Number(pid), parent: Number(parent), startedAt: startedAt.join(' ') }
  })
}
