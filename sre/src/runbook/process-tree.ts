import { readdirSync, readFileSync } from 'node:fs'

/** In the environment of everything that a run starts, so that it is found again, whichever session or parent it has since. */
const COOKIE = 'SRE_RUNBOOK_SHELL'

/** New ones may be started while the others are being ended. */
const MAX_ROUNDS = 20

export function cookie(id: string): Record<string, string> {
  return { [COOKIE]: id }
}

/**
 * Ends a process group, and every process that has inherited its cookie: one that left the group by `setsid`, too. Where there is no
 * /proc, only the group.
 */
export function endTree(group: number, id: string): void {
  kill(-group)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const left = processesWith(`${COOKIE}=${id}`)
    if (left.length === 0) return
    for (const pid of left) kill(pid)
  }
}

function processesWith(variable: string): number[] {
  return listProcesses().filter((pid) => {
    try {
      if (pid === process.pid || isEnded(pid)) return false
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(variable)
    } catch {
      // it has ended, or is another user's
      return false
    }
  })
}

/** A zombie still has a directory. */
function isEnded(pid: number): boolean {
  return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}

function listProcesses(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
