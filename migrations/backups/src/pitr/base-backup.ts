import { BackupError } from '../backup-error.ts'
import { type Compose, inPostgres, sqlInPostgres } from './compose.ts'

const BASE = /^base_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** A copy of all data as files; its name says when it was complete: a moment before that cannot be reached from it. */
export interface BaseBackup {
  name: string
  completeAt: Date
}

/**
 * Copies all files of the server into the archive, keeps the newest copies, and removes the changes that none of them needs.
 *
 * @throws {BackupError}
 */
export async function createBaseBackup(compose: Compose, keep: number): Promise<BaseBackup> {
  if ((await sqlInPostgres(compose, 'SHOW archive_mode')) !== 'on') {
    throw new BackupError(
      'PostgreSQL keeps no archive: start it with -f docker-compose.yaml -f docker-compose.pitr.yaml',
    )
  }
  await inPostgres(
    compose,
    `rm -rf /archive/base/.partial
     pg_basebackup -U "$POSTGRES_USER" -D /archive/base/.partial --checkpoint=fast --wal-method=stream
     # the name has seconds: a restore to this very second gets the state at its end
     sleep 1
     mv /archive/base/.partial /archive/base/base_$(date -u +%Y%m%dT%H%M%SZ)
     ls -d /archive/base/base_* | sort -r | tail -n +${keep + 1} | xargs -r rm -rf
     oldest=$(ls -d /archive/base/base_* | sort | head -n 1)
     needed=$(sed -n 's/^START WAL LOCATION: .*file \\([0-9A-F]*\\).*/\\1/p' "$oldest/backup_label")
     pg_archivecleanup /archive/wal "$needed"`,
  )
  return (await listBaseBackups((script) => inPostgres(compose, script)))[0] as BaseBackup
}

/** The newest first. */
export async function listBaseBackups(run: (script: string) => Promise<string>): Promise<BaseBackup[]> {
  const names = (await run('ls /archive/base')).split('\n').filter((name) => BASE.test(name))
  return names
    .toSorted()
    .reverse()
    .map((name) => ({ name, completeAt: new Date(name.replace(BASE, '$1-$2-$3T$4:$5:$6Z')) }))
}
