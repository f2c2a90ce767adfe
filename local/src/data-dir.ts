import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** The longest path of a Unix socket that every operating system accepts. */
const SOCKET_PATH_BYTES = 100

/** Where `npm start` keeps data and logs: the directory of QUICKTICKET_DATA_DIR, or .quickticket in the repository. */
export function chooseDataDir(chosen: string | undefined): string {
  return resolve(chosen || join(REPOSITORY, '.quickticket'))
}

/** Where a running system is controlled. */
export function controlSocket(dataDir: string): string {
  const socket = join(dataDir, 'run', 'control.sock')
  if (Buffer.byteLength(socket) <= SOCKET_PATH_BYTES) return socket
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  return join(tmpdir(), `quickticket-${hash}.sock`)
}

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
