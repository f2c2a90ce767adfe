import { execFile } from 'node:child_process'
import type { SystemStatus } from './control-protocol.ts'
import { REPOSITORY } from './data-dir.ts'
import type { Environment } from './options.ts'

/** Variables of the shell that may name another database. */
const STORES = /^(DB_|REDIS_|HOLD_STORE$)/

/** Makes seats of the course's events free again in the running system. @returns what it did, for each event */
export function refill({ dataDir }: SystemStatus, environment: Environment, args: string[]): Promise<string> {
  const others = Object.entries(environment).filter(([name]) => !STORES.test(name))
  const env = { ...Object.fromEntries(others), QUICKTICKET_DATA_DIR: dataDir }
  const command = ['local/src/with-stores.ts', 'services/events/src/refill/main.ts']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...command, ...args], { cwd: REPOSITORY, env }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message))
      else resolve(stdout.trim())
    })
  })
}
