import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { inspectProcess, isRunning, type ProcessInfo } from './processes.ts'

/**
 * Makes sure that one system only runs on a data directory. The lock of a process that is gone is taken over.
 *
 * @returns releases the lock
 */
export function takeLock(file: string): () => void {
  const mine = JSON.stringify(inspectProcess(process.pid))
  const draft = `${file}.${process.pid}`
  writeDraft(draft, mine)
  try {
    while (!linked(draft, file)) {
      const found = read(file)
      const owner: ProcessInfo | undefined = found ? JSON.parse(found) : undefined
      if (owner && isRunning(owner.pid, owner.startedAt)) {
        throw new Error(
          `QuickTicket runs here already (pid ${owner.pid}): stop it with Ctrl-C there or with npm run local -- down`,
        )
      }
      takeAway(file, found)
    }
  } finally {
    rmSync(draft)
  }
  return () => {
    if (read(file) === mine) rmSync(file)
  }
}

function writeDraft(draft: string, text: string): void {
  try {
    writeFileSync(draft, text)
  } catch (error) {
    rmSync(draft, { force: true })
    const { code } = error as NodeJS.ErrnoException
    throw code === 'ENOSPC' ? new Error(`the disk of ${dirname(dirname(draft))} is full`) : error
  }
}

/** Unlike opening for writing, linking makes a lock appear with its content. */
function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Another start may have been faster: then what was taken is not what was found, and goes back. */
function takeAway(file: string, stale: string | undefined): void {
  const taken = `${file}.${process.pid}.stale`
  try {
    renameSync(file, taken)
    if (read(taken) !== stale) linked(taken, file)
    rmSync(taken)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // there is no lock
    return undefined
  }
}
