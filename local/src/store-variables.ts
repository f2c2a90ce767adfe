import { realpathSync } from 'node:fs'
import { send } from './control-client.ts'
import { chooseDataDir, controlSocket } from './data-dir.ts'
import type { Environment } from './options.ts'

const ANSWER_TIMEOUT_MS = 5000

/**
 * DB_*, REDIS_* and HOLD_STORE of the running `npm start` for a command on this machine; variables of the environment win.
 * Empty when none runs, and when DB_HOST or DB_PORT is given, even as empty: they name another database.
 *
 * @throws Error, in one sentence, when a system runs here that does not tell its variables
 */
export async function readStoreVariables(environment: Environment): Promise<Environment> {
  if ('DB_HOST' in environment || 'DB_PORT' in environment) return {}
  const running = await askRunningSystem(chooseDataDir(environment.QUICKTICKET_DATA_DIR))
  const isGiven = (name: string) =>
    // for npm start, port 0 is any free one
    environment[name] !== undefined && !(name === 'REDIS_PORT' && environment[name] === '0')
  return Object.fromEntries(Object.entries(running).filter(([name]) => !isGiven(name)))
}

async function askRunningSystem(dataDir: string): Promise<Environment> {
  try {
    return await send<Environment>(
      controlSocket(realpathSync(dataDir)),
      '/variables',
      '{}',
      ANSWER_TIMEOUT_MS,
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // no system runs here
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return {}
    const why =
      code === 'EACCES' ? 'was started by another user' : `does not answer (${(error as Error).message})`
    throw new Error(`QuickTicket in ${dataDir} ${why}: name the database in DB_HOST`)
  }
}
