import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export { chooseDataDir, controlSocket, REPOSITORY } from '@quickticket/kit/running-system'

/** @returns the path without symbolic links, so that it is one and the same for every process */
export function openDataDir(dir: string): string {
  try {
    mkdirSync(join(dir, 'run'), { recursive: true })
    const probe = join(dir, 'run', `probe-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
    return realpathSync(dir)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(
      `cannot write to the data directory ${dir} (${code}): set QUICKTICKET_DATA_DIR to one that this user may write to`,
    )
  }
}

export function lockFile(dataDir: string): string {
  return join(dataDir, 'run', 'lock')
}

export function recordFile(dataDir: string): string {
  return join(dataDir, 'run', 'processes.json')
}

export function logsDir(dataDir: string): string {
  return join(dataDir, 'logs')
}

/** Compiled JavaScript: with it the services start in two thirds of the time. */
export function compileCacheDir(dataDir: string): string {
  return join(dataDir, 'compile-cache')
}
