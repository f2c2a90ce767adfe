import { basename, join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '@quickticket/kit/config'
import { createLog, flushLog } from '@quickticket/kit/log'
import { withoutStack } from '@quickticket/kit/without-stack'
import { Unreachable } from '@quickticket/migrations/connect'
import { BackupError } from './backup-error.ts'
import { type Command, readCommand } from './command.ts'
import { type BackupConfig, loadBackupConfig } from './config.ts'
import { createBackup } from './create.ts'
import { listDumps, rememberVerdict, type Verdict } from './directory.ts'
import { type BackupMetrics, createBackupMetrics } from './metrics.ts'
import { createBaseBackup } from './pitr/base-backup.ts'
import { createCompose } from './pitr/compose.ts'
import { restoreAt } from './pitr/restore-at.ts'
import { restoreBackup } from './restore.ts'
import { verifyBackup } from './verify.ts'

const PUSH_INTERVAL_MS = 60_000
/** The last one, and one to go back to when it turns out to be no good. */
const BASE_BACKUPS = 2
const log = createLog('backup', 'info')

// process 1 of a container ignores a signal that it does not handle
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(143))

try {
  const command = readCommand()
  const config = loadBackupConfig(process.env)
  const metrics = createBackupMetrics(config.BACKUP_DIR, config.BACKUP_METRICS_URL, log)
  await run(command, config, metrics)
} catch (error) {
  report(error)
  process.exitCode = 1
}
await flushLog(log)

async function run(command: Command, config: BackupConfig, metrics: BackupMetrics): Promise<void> {
  if (command.name === 'base') return copyFiles()
  if (command.name === 'restore-at') return goBack(command.at)
  if (command.name === 'restore') return restore(config, await locate(config, command.file), command.force)
  if (command.name === 'verify') {
    return watched(metrics, async () => verify(config, metrics, await locate(config, command.file)))
  }
  if (config.BACKUP_EVERY_S > 0) return forever(config, metrics)
  return watched(metrics, async () => {
    const file = await backup(config, metrics)
    if (command.verify) await verify(config, metrics, file)
  })
}

/** One verified backup after the other. A failure is logged, and the next backup starts when it is due. */
async function forever(config: BackupConfig, metrics: BackupMetrics): Promise<never> {
  // Prometheus forgets a sample that was sent once after five minutes
  setInterval(() => void metrics.push(), PUSH_INTERVAL_MS).unref()
  for (;;) {
    const startedAt = performance.now()
    await watched(metrics, async () => verify(config, metrics, await backup(config, metrics))).catch(report)
    await delay(Math.max(config.BACKUP_EVERY_S * 1000 - (performance.now() - startedAt), 0))
  }
}

async function watched(metrics: BackupMetrics, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // `error` is what users need to see, also when the directory cannot be written to
    await metrics.record({ last_failure_timestamp_seconds: Date.now() / 1000 }).catch(() => undefined)
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'ENOSPC' ? new BackupError(`the disk of BACKUP_DIR is full: ${message}`) : error
  }
}

async function backup(config: BackupConfig, metrics: BackupMetrics): Promise<string> {
  const made = await createBackup(config, log)
  log.info(made, `${basename(made.file)}: ${made.bytes} bytes in ${made.durationMs} ms`)
  for (const old of made.removed) log.info(`removed ${old}`)
  await metrics.record({
    last_success_timestamp_seconds: made.takenAt.getTime() / 1000,
    size_bytes: made.bytes,
    duration_seconds: made.durationMs / 1000,
  })
  return made.file
}

async function verify(config: BackupConfig, metrics: BackupMetrics, file: string): Promise<void> {
  const verdict = async (found: Verdict) => {
    if (relative(config.BACKUP_DIR, file) !== basename(file)) return
    await rememberVerdict(config.BACKUP_DIR, basename(file), found)
  }
  const verified = await verifyBackup(config, log, file).catch(async (error) => {
    // `error` says what is wrong with the dump, also when the verdict cannot be written
    await verdict('bad').catch(() => undefined)
    throw error
  })
  const how = verified.compared
    ? 'restored, compared and audited'
    : 'restored and audited, compared with nothing'
  log.info(verified, `${basename(file)}: ${how} in ${verified.durationMs} ms`)
  if (!verified.takenAt) return
  await verdict('good')
  await metrics.record({ last_verified_timestamp_seconds: verified.takenAt.getTime() / 1000 })
}

async function restore(config: BackupConfig, file: string, force: boolean): Promise<void> {
  const restored = await restoreBackup(config, log, file, { force })
  log.info(restored, `restored ${basename(file)} in ${restored.durationMs} ms`)
  if (restored.replaced) log.info(`what was there before is now the database ${restored.replaced}`)
}

async function copyFiles(): Promise<void> {
  const { name, completeAt } = await createBaseBackup(createCompose(process.env), BASE_BACKUPS)
  log.info({ completeAt }, `${name}: every moment after ${completeAt.toISOString()} can be reached`)
}

async function goBack(at: Date | undefined): Promise<void> {
  const restored = await restoreAt(createCompose(process.env), log, at)
  log.info(restored, `restored in ${restored.durationMs} ms; the last order is of ${restored.lastOrderAt}`)
  log.info('make a new copy now: npm run backup -- --base')
}

/** A path, the name of a dump in BACKUP_DIR, or `latest`. */
async function locate({ BACKUP_DIR }: BackupConfig, file: string): Promise<string> {
  const dumps = await listDumps(BACKUP_DIR)
  if (dumps.includes(file)) return join(BACKUP_DIR, file)
  if (file !== 'latest') return file
  if (!dumps[0]) throw new BackupError(`there is no dump in ${BACKUP_DIR}`)
  return join(BACKUP_DIR, dumps[0])
}

function report(error: unknown): void {
  const plain = [BackupError, ConfigError].some((type) => error instanceof type)
  if (plain) log.error((error as Error).message)
  else if (error instanceof Unreachable) log.error({ err: error.cause }, error.message)
  else log.error({ err: withoutStack(error) }, 'it was not possible')
}
