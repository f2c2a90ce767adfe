import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SERVER_MAJOR = 17

/**
 * A directory for PG_BIN with programs as new as the test server: those of this machine (then it is empty), or those in
 * the container that the server runs in. Undefined where there are none.
 */
export function findPgPrograms(postgresUrl: string): string | undefined {
  if (Number(/\d+/.exec(tryRun('pg_dump', ['--version']))?.[0]) >= SERVER_MAJOR) return ''
  const { port, username, password } = new URL(postgresUrl)
  const container = tryRun('docker', ['ps', '--quiet', '--filter', `publish=${port}`]).trim()
  if (!container) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-pg-bin-'))
  const inContainer = `docker exec -i -e PGUSER=${username} -e PGPASSWORD=${password} -e PGDATABASE="$PGDATABASE" ${container}`
  // files of this machine are not in the container: what would be written there comes by the standard output
  const programs = {
    pg_dump: `for argument; do
  shift
  case $argument in --file=*) exec >"\${argument#--file=}" ;; *) set -- "$@" "$argument" ;; esac
done
exec ${inContainer} pg_dump "$@"`,
    pg_restore: `exec ${inContainer} pg_restore "$@"`,
  }
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(join(directory, program), `#!/bin/sh\n${script}\n`)
    chmodSync(join(directory, program), 0o755)
  }
  return directory
}

function tryRun(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return ''
  }
}
