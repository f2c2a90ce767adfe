import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { BackupError } from '../backup-error.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

/** Runs `docker compose …` and returns what it wrote. @throws {BackupError} */
export type Compose = (args: string[], input?: string) => Promise<string>

/** The project that COMPOSE_FILE and COMPOSE_PROJECT_NAME name, by default the one of this directory with an archive. */
export function createCompose(environment: NodeJS.ProcessEnv): Compose {
  const env = { COMPOSE_FILE: 'docker-compose.yaml:docker-compose.pitr.yaml', ...environment }
  return async (args, input = '') => {
    const child = spawn('docker', ['compose', ...args], { cwd: ROOT, env, stdio: 'pipe' })
    // a command that does not read its input says by its exit code how it went
    child.stdin.on('error', () => undefined).end(input)
    const [written, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT'
        ? new BackupError('this needs Docker Compose, and there is no docker here')
        : error
    })
    if (code === 0) return written
    throw new BackupError(
      `docker compose ${args[0]} ended with ${code}: ${errors.trim().split('\n').slice(-3).join(' ')}`,
    )
  }
}

/** Runs a shell script in the container of PostgreSQL, as the user that it runs as. */
export function inPostgres(compose: Compose, script: string): Promise<string> {
  return compose(
    ['exec', '-T', '-u', 'postgres', 'postgres', 'sh', '-s'],
    `set -eu\nexport PGCONNECT_TIMEOUT=10\n${script}`,
  )
}

/** Runs SQL in the database of the container. */
export async function sqlInPostgres(compose: Compose, sql: string): Promise<string> {
  const script = `psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -Atc "${sql}"`
  return (await inPostgres(compose, script)).trim()
}
