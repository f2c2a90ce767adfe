import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Brings the database up to date the way an operator would, without the course's events. */
export async function migrate(root: string, port: number): Promise<void> {
  const env = { PATH: process.env.PATH, DB_HOST: '127.0.0.1', DB_PORT: String(port) }
  await promisify(execFile)(process.execPath, [join(root, 'migrations/src/migrate.ts'), 'up'], { env })
}
