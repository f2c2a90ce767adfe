import { type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { BackupError } from './backup-error.ts'
import type { BackupConfig } from './config.ts'

export type Program = 'pg_dump' | 'pg_restore'

export interface RunOptions {
  /** a file that is open; nothing by default */
  input?: number
  /** a file that is open; by default what is written is returned */
  output?: number
}

/** Runs pg_dump or pg_restore on the server of the variables, and returns what it wrote. @throws {BackupError} */
export async function runProgram(
  config: BackupConfig,
  program: Program,
  args: string[],
  { input, output }: RunOptions = {},
): Promise<string> {
  const stdio: StdioOptions = [input ?? 'ignore', output ?? 'pipe', 'pipe']
  const child = spawn(join(config.PG_BIN, program), args, {
    stdio,
    env: { ...process.env, ...connection(config) },
  })
  const written = child.stdout ? text(child.stdout) : ''
  const errors = child.stderr ? text(child.stderr) : ''
  const [code, signal] = await once(child, 'close').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new BackupError(`${program} is not here: ${OTHER_WAYS}`) : error
  })
  if (code === 0) return written
  throw new BackupError(`${program} ended with ${code ?? signal}: ${lastLine(await errors)}`)
}

/**
 * The database, for the command line. With the system's own delay a program would wait two hours for a server that has
 * vanished, and libpq takes another one from no variable.
 */
export function databaseArgument(database: string): string {
  const quoted = database.replace(/['\\]/g, '\\$&')
  return `--dbname=dbname='${quoted}' keepalives_idle=30 keepalives_interval=10 keepalives_count=3`
}

/** pg_dump reads no server that is newer than itself. @throws {BackupError} */
export async function expectRecentPrograms(config: BackupConfig, serverMajor: number): Promise<void> {
  const version = await runProgram(config, 'pg_dump', ['--version'])
  const major = Number(/(\d+)/.exec(version)?.[1])
  if (major >= serverMajor) return
  throw new BackupError(`pg_dump here is version ${major}, and the server is ${serverMajor}: ${OTHER_WAYS}`)
}

const OTHER_WAYS =
  'use "docker compose run --rm backup", or name the directory of PostgreSQL\'s own programs in PG_BIN'

function connection(config: BackupConfig): Record<string, string> {
  const { DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASS, DB_SSLMODE, DB_SSLROOTCERT } = config
  return {
    PGHOST: DB_HOST,
    PGPORT: String(DB_PORT),
    PGDATABASE: DB_NAME,
    PGUSER: DB_USER,
    PGPASSWORD: DB_PASS,
    PGSSLMODE: DB_SSLMODE,
    // libpq has no certificates of its own; "system" are those of the machine
    ...(DB_SSLROOTCERT && { PGSSLROOTCERT: DB_SSLROOTCERT }),
    ...(!DB_SSLROOTCERT && DB_SSLMODE === 'verify-full' && { PGSSLROOTCERT: 'system' }),
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: 'quickticket-backup',
  }
}

function lastLine(errors: string): string {
  return errors.trim().split('\n').at(-1) ?? ''
}
