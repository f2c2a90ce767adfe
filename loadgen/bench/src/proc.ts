import { readdirSync, readFileSync } from 'node:fs'

/** of Linux; getconf CLK_TCK says the same on every machine of today */
const TICKS_PER_S = 100
const MIB_PER_KIB = 1 / 1024

export const hasProc = process.platform === 'linux'

/** CPU time that a process has used since it started, in seconds; with children: theirs too. */
export function cpuSeconds(pid: number, withChildren = false): number {
  const pids = withChildren ? [pid, ...childrenOf(pid)] : [pid]
  return pids.reduce((sum, each) => sum + ownCpuSeconds(each), 0)
}

/** Memory of a process that is in RAM, in MiB: now, the part of it that is in no file and so its own, the most until now. */
export function memoryMib(pid: number): { now: number; own: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * MIB_PER_KIB
  return { now: mib('VmRSS'), own: mib('RssAnon'), peak: mib('VmHWM') }
}

function ownCpuSeconds(pid: number): number {
  const fields = statFields(pid)
  // utime, stime, and those of children that have ended
  return fields ? fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_S : 0
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => Number(statFields(each)?.[1]) === pid)
}

/** What follows the name in /proc/<pid>/stat: state, parent, … */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
