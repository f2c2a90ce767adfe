import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Environment } from './config.ts'

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

/** Longest path of a socket that every system takes. */
const SOCKET_PATH_BYTES = 100
const ANSWER_TIMEOUT_MS = 5000

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

/**
 * The variables of a command that reads the database and Redis: those of `npm start`, when it runs here, with the
 * command's own on top. A command that is given DB_HOST or DB_PORT, if only as empty, has another database in mind.
 *
 * @param elsewhere defaults where neither says anything
 * @throws Error, in one sentence, when a system runs here that does not tell its variables
 */
export async function storeVariables(environment: Environment, elsewhere: Environment): Promise<Environment> {
  if ('DB_HOST' in environment || 'DB_PORT' in environment) return { ...elsewhere, ...environment }
  const running = await readVariables(chooseDataDir(environment.QUICKTICKET_DATA_DIR))
  if (!running) return { ...elsewhere, ...environment }
  const given = Object.entries(environment).filter(
    // for npm start, 0 is any free port
    ([name, value]) => value !== undefined && !(name === 'REDIS_PORT' && value === '0'),
  )
  return { ...elsewhere, ...running, ...Object.fromEntries(given) }
}

/** DB_*, REDIS_* and HOLD_STORE of the system on a data directory; undefined when there is none. */
async function readVariables(dataDir: string): Promise<Environment | undefined> {
  try {
    return await ask(controlSocket(realpathSync(dataDir)), '/variables')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined
    const why =
      code === 'EACCES' ? 'was started by another user' : `does not answer (${(error as Error).message})`
    throw new Error(`QuickTicket in ${dataDir} ${why}: name the database in DB_HOST`)
  }
}

function ask(socketPath: string, path: string): Promise<Environment> {
  return new Promise((fulfil, reject) => {
    const sent = request({ socketPath, path, method: 'POST', agent: false, timeout: ANSWER_TIMEOUT_MS })
    sent.on('response', (response) => {
      json(response).then((answer) => fulfil(answer as Environment), reject)
    })
    sent.on('timeout', () => sent.destroy(new Error(`${ANSWER_TIMEOUT_MS / 1000} s`)))
    sent.on('error', reject)
    sent.end('{}')
  })
}
