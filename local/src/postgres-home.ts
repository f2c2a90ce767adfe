import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, chooseAccount, succeedsAs } from './server-account.ts'

export type PostgresHome = {
  account: Account
  /** the data directory, or one elsewhere when the account cannot get there */
  dir: string
  clusterDir: string
}

/** Where PostgreSQL keeps its data, and who runs it. */
export function findPostgresHome(dataDir: string): PostgresHome {
  const own = homeIn(dataDir)
  if (!own.account || succeedsAs(own.account, '/bin/sh', ['-c', 'cd "$1"', 'sh', dataDir])) return own

  const elsewhere = `/var/tmp/quickticket-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`
  claim(elsewhere)
  return homeIn(elsewhere)
}

function homeIn(dir: string): PostgresHome {
  const clusterDir = join(dir, 'postgres')
  return { dir, clusterDir, account: chooseAccount(clusterDir) }
}

/** In a directory that all may write to, another user may have been faster. */
function claim(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o755 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = lstatSync(dir)
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(
      `${dir} belongs to another user: remove it, or set QUICKTICKET_DATA_DIR to another directory`,
    )
  }
  chmodSync(dir, 0o755)
}
