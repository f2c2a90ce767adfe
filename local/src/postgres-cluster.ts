import { once } from 'node:events'
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { PostgresBinaries } from './postgres-binaries.ts'
import type { PostgresHome } from './postgres-home.ts'
import type { Watchdog } from './watchdog.ts'

const MAJOR = '17'
/** Database, user and password: the server listens on the loopback interface only. */
export const NAME = 'quickticket'
/** Nothing of the user's own: PGPORT and the like must not reach the server, nor a locale it does not know. */
export const SERVER_ENVIRONMENT = { LC_ALL: 'C' }

/** Makes the cluster when there is none yet. One that is there is left as it is, or refused. */
export async function ensureCluster(
  home: PostgresHome,
  binaries: PostgresBinaries,
  watchdog: Watchdog,
  durable: boolean,
): Promise<void> {
  const version = readVersion(home.clusterDir)
  if (version === MAJOR) return
  if (version !== undefined) {
    throw new Error(
      `${home.clusterDir} holds data of PostgreSQL ${version}, but this is PostgreSQL ${MAJOR}: ` +
        'start from empty data with npm start -- --fresh, or set QUICKTICKET_DATA_DIR to another directory',
    )
  }

  // under another name until it is complete: a start that was cut short leaves nothing half done
  const unfinished = `${home.clusterDir}.new`
  const passwordFile = join(home.dir, 'initdb-password')
  rmSync(unfinished, { recursive: true, force: true })
  rmSync(passwordFile, { force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  writeFileSync(passwordFile, `${NAME}\n`)
  if (home.account) {
    for (const path of [unfinished, passwordFile]) chownSync(path, home.account.uid, home.account.gid)
  }
  await initdb(binaries, home, watchdog, [
    `--pgdata=${unfinished}`,
    `--username=${NAME}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    // PostgreSQL's own collation: the same order on every machine, whatever locales are installed
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(durable ? [] : ['--no-sync']),
  ])
  rmSync(passwordFile, { force: true })
  rmSync(home.clusterDir, { recursive: true, force: true })
  renameSync(unfinished, home.clusterDir)
}

function readVersion(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, 'PG_VERSION'), 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code !== 'EACCES') throw error
    throw new Error(
      `${dir} belongs to another user: start as that one, or set QUICKTICKET_DATA_DIR to another directory`,
    )
  }
}

async function initdb(
  binaries: PostgresBinaries,
  { account, dir }: PostgresHome,
  watchdog: Watchdog,
  args: string[],
): Promise<void> {
  const child = await watchdog.spawn(
    binaries.initdb,
    args,
    { ...account, cwd: dir, env: SERVER_ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] },
    'SIGTERM',
  )
  const closed = once(child, 'close')
  const output = (await Promise.all([text(child.stdout as Readable), text(child.stderr as Readable)])).join(
    '',
  )
  const [code] = await closed
  if (code !== 0) throw new Error(`initdb could not create the database:\n${output}`)
}
