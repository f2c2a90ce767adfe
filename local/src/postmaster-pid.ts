import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endProcesses, inspectProcess, listProcesses, type ProcessInfo } from './processes.ts'

/** Whether the server has written that it accepts connections; it does so in the eighth line. */
export function isReady(clusterDir: string, pid: number): boolean {
  const lines = readLines(clusterDir)
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}

/**
 * Makes way after a crash. PostgreSQL itself ignores a postmaster.pid of a process that is gone, but not one whose
 * number belongs to another process by now; and it does not start while a process of the dead server still runs.
 */
export async function clearCrashedServer(clusterDir: string): Promise<void> {
  const pid = Number(readLines(clusterDir)[0])
  if (!pid) return
  const leftovers = listProcesses().filter((found) => workingDirectory(found) === clusterDir)
  await endProcesses(
    leftovers.filter((found) => found.pid === pid).map((postmaster) => ({ ...postmaster, signal: 'SIGINT' })),
    5000,
  )
  await endProcesses(
    leftovers.map((backend) => ({ ...backend, signal: 'SIGQUIT' })),
    2000,
  )
  // without /proc the owner of that number cannot be told: then PostgreSQL's own check decides
  const foreign = inspectProcess(pid)
  if (foreign && workingDirectory(foreign) !== undefined)
    rmSync(join(clusterDir, 'postmaster.pid'), { force: true })
}

/** PostgreSQL's processes all work in the cluster's directory. */
function workingDirectory({ pid }: ProcessInfo): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    // the process is gone, or belongs to another user
    return undefined
  }
}

function readLines(clusterDir: string): string[] {
  try {
    return readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    // a cluster that was stopped has no such file
    return []
  }
}
