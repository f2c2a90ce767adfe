import { closeSync, openSync } from 'node:fs'
import { BackupError } from './backup-error.ts'
import type { BackupConfig } from './config.ts'
import { databaseArgument, runProgram } from './programs.ts'

/** Without these there is nothing worth keeping, and a newer dump of nothing must not push out an older one of all. */
export const NEEDED = ['events', 'orders']

/**
 * Reads a dump from its first to its last byte: its table of contents is at its beginning, and lists also what a truncated
 * file has no more.
 *
 * @throws {BackupError}
 */
export async function checkArchive(config: BackupConfig, file: string): Promise<void> {
  const list = await fromFile(file, (input) => runProgram(config, 'pg_restore', ['--list'], { input }))
  const missing = NEEDED.filter((table) => !list.includes(` TABLE DATA public ${table} `))
  if (missing.length > 0) throw new BackupError(`${file} has no data of ${missing.join(' and ')}`)
  const nowhere = openSync('/dev/null', 'w')
  try {
    await fromFile(file, (input) =>
      runProgram(config, 'pg_restore', ['--file=-'], { input, output: nowhere }),
    )
  } finally {
    closeSync(nowhere)
  }
}

/** Writes a dump into a database, all of it or nothing. @throws {BackupError} */
export async function restoreArchive(config: BackupConfig, file: string, database: string): Promise<void> {
  const args = [
    '--single-transaction',
    '--exit-on-error',
    '--no-owner',
    '--no-privileges',
    databaseArgument(database),
  ]
  await fromFile(file, (input) => runProgram(config, 'pg_restore', args, { input }))
}

async function fromFile<Result>(file: string, work: (input: number) => Promise<Result>): Promise<Result> {
  const input = open(file)
  try {
    return await work(input)
  } catch (error) {
    if (error instanceof BackupError) throw new BackupError(`${file} cannot be read: ${error.message}`)
    throw error
  } finally {
    closeSync(input)
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw new BackupError(`there is no dump ${file} (${(error as NodeJS.ErrnoException).code})`)
  }
}
