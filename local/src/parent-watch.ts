import { readFileSync } from 'node:fs'
import { inspectProcess } from './processes.ts'

const INTERVAL_MS = 500

/**
 * Calls back when the process that started this one is gone. npm starts scripts through a shell, which may stay in
 * between: then it is the shell's parent that counts too.
 */
export function onParentGone(callback: () => void): void {
  const parent = process.ppid
  const grandparent = isShell(parent) ? parentOf(parent) : undefined
  const timer = setInterval(() => {
    if (process.ppid === parent && (grandparent === undefined || parentOf(parent) === grandparent)) return
    clearInterval(timer)
    callback()
  }, INTERVAL_MS)
  timer.unref()
}

function parentOf(pid: number): number | undefined {
  return inspectProcess(pid)?.parent
}

function isShell(pid: number): boolean {
  try {
    return /^(ba|da|a|z|k)?sh$/.test(readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
  } catch {
    // without /proc the parent of the shell cannot be watched
    return false
  }
}
