import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from './repository.ts'

/**
 * Brings a database of this machine up to date as an operator does.
 *
 * @param root the checkout whose changes are applied
 * @throws Error with what the command said
 */
export async function migrate(port: number, args: string[] = ['up'], root = REPOSITORY): Promise<void> {
  const env = { PATH: process.env.PATH, DB_HOST: '127.0.0.1', DB_PORT: String(port) }
  await promisify(execFile)(process.execPath, [join(root, 'migrations/src/migrate.ts'), ...args], { env })
}
