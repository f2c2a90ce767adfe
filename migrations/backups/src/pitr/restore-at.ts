import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import { BackupError } from '../backup-error.ts'
import { type BaseBackup, listBaseBackups } from './base-backup.ts'
import { type Compose, sqlInPostgres } from './compose.ts'

const FATAL = / FATAL: +(.*)/
/** What clients are told meanwhile, and what comes after the reason. */
const STILL_STARTING = /starting up|not yet accepting|shutting down/
const RECOVERY_TIMEOUT_MS = 30 * 60_000

export interface RestoredAt {
  base: string
  /** when the newest order was made that is there again */
  lastOrderAt: string
  durationMs: number
}

/**
 * Brings the whole server to the state of a moment: the last copy of its files from before, and every change until then.
 * What was there is kept in the archive when there is anything.
 *
 * @param at undefined: as far as the archive goes
 * @throws {BackupError}
 */
export async function restoreAt(compose: Compose, log: Log, at: Date | undefined): Promise<RestoredAt> {
  const startedAt = performance.now()
  const inPostgresImage = (script: string) =>
    compose(['run', '--rm', '-T', '--no-deps', '--entrypoint', 'sh', 'postgres', '-s'], `set -eu\n${script}`)
  const base = chooseBase(await listBaseBackups(inPostgresImage), at)
  await archiveTheRest(compose)
  log.info(
    `going back to ${base.name}, and on from there to ${at?.toISOString() ?? 'the end of the archive'}`,
  )
  await compose(['stop', 'postgres'])
  await inPostgresImage(replaceFiles(base, at))
  const since = new Date().toISOString()
  await compose(['up', '--detach', '--no-deps', 'postgres'])
  const lastOrderAt = await untilRecovered(compose, at, since)
  return { base: base.name, lastOrderAt, durationMs: Math.round(performance.now() - startedAt) }
}

function chooseBase(bases: BaseBackup[], at: Date | undefined): BaseBackup {
  const found = at ? bases.find(({ completeAt }) => completeAt <= at) : bases[0]
  if (found) return found
  const oldest = bases.at(-1)
  if (!oldest)
    throw new BackupError('the archive has no copy of the data: npm run backup -- --base makes one')
  throw new BackupError(`the oldest moment that can be reached is ${oldest.completeAt.toISOString()}`)
}

/**
 * A server that still runs puts its last changes into the archive first. Its own transaction comes after the moment that is
 * asked for, and so proves to the recovery that it has seen all before it.
 */
async function archiveTheRest(compose: Compose): Promise<void> {
  // a server that is down has nothing more to archive: its files are copied later
  const alive = await sqlInPostgres(compose, 'SELECT pg_current_xact_id()').catch(() => undefined)
  if (!alive) return
  const file = await sqlInPostgres(compose, 'SELECT pg_walfile_name(pg_switch_wal())')
  for (let attempt = 1; attempt <= 100; attempt++) {
    const archived = await sqlInPostgres(compose, 'SELECT last_archived_wal FROM pg_stat_archiver')
    if (archived >= file) return
    await delay(100)
  }
  throw new BackupError(`PostgreSQL does not archive ${file}: its log says why`)
}

function replaceFiles({ name }: BaseBackup, at: Date | undefined): string {
  // PostgreSQL does not know what Z means before it runs
  const target = at ? `recovery_target_time = '${at.toISOString().replace('Z', '+00')}'` : ''
  return `
    if [ -s "$PGDATA/PG_VERSION" ]; then
      # what a killed server had not archived yet
      for file in $(ls "$PGDATA/pg_wal" | grep -E '^[0-9A-F]{24}$'); do
        [ -f "/archive/wal/$file" ] || cp -p "$PGDATA/pg_wal/$file" /archive/wal/
      done
      kept=/archive/replaced_$(date -u +%Y%m%dT%H%M%SZ)
      mkdir "$kept"
      mv "$PGDATA"/* "$kept"
    fi
    cp -a /archive/base/${name}/. "$PGDATA"
    cat >>"$PGDATA/postgresql.auto.conf" <<'END'
restore_command = 'cp /archive/wal/%f %p'
recovery_target_action = 'promote'
${target}
END
    touch "$PGDATA/recovery.signal"
    chown -R postgres:postgres "$PGDATA"
    chmod 700 "$PGDATA"`
}

async function untilRecovered(compose: Compose, at: Date | undefined, since: string): Promise<string> {
  const deadline = performance.now() + RECOVERY_TIMEOUT_MS
  while (performance.now() < deadline) {
    // no connections are accepted yet; the log below shows a failure
    const state = await sqlInPostgres(compose, 'SELECT pg_is_in_recovery()').catch(() => 'starting')
    if (state === 'f') return finish(compose)
    const fatal = FATAL.exec(await compose(['logs', '--no-log-prefix', '--since', since, 'postgres']))?.[1]
    if (fatal?.includes('before configured recovery target')) {
      throw new BackupError(
        `the archive ends before ${at?.toISOString()}: --at latest goes as far as it does`,
      )
    }
    if (fatal && !STILL_STARTING.test(fatal)) throw new BackupError(`PostgreSQL does not start: ${fatal}`)
    await delay(200)
  }
  throw new BackupError('PostgreSQL did not finish its recovery: docker compose logs postgres says why')
}

async function finish(compose: Compose): Promise<string> {
  // a moment before the first migration has no orders
  const last = await sqlInPostgres(compose, 'SELECT max(created_at) FROM orders').catch(() => '')
  for (const name of ['restore_command', 'recovery_target_action', 'recovery_target_time']) {
    await sqlInPostgres(compose, `ALTER SYSTEM RESET ${name}`)
  }
  return last
}
