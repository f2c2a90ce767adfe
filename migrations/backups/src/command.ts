import { readCommandLine } from '@quickticket/kit/command-line'

const USAGE = `npm run backup [-- --verify]      dump the database into BACKUP_DIR, and keep the newest BACKUP_KEEP dumps
npm run backup:verify [-- FILE]   restore a dump, by default the newest, into a scratch database and compare it
npm run restore -- FILE [--force] bring the database to the state of a dump; --force: also one that has tables

npm run backup -- --base          copy all files of PostgreSQL in Compose into its archive (docker-compose.pitr.yaml)
npm run restore -- --at TIME      bring PostgreSQL in Compose to a moment, as in 2026-11-21T12:30:00Z, or "latest"

FILE is a path, the name of a dump in BACKUP_DIR, or "latest". The database is that of the npm start that runs here; another one is
named by DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASS. What is done is logged as JSON, with --json or without. Exit codes are 0 when it was done, 1 when it was not, 2 for a wrong command.`

export type Command =
  | { name: 'backup'; verify: boolean }
  | { name: 'verify'; file: string }
  | { name: 'restore'; file: string; force: boolean }
  | { name: 'base' }
  | { name: 'restore-at'; at: Date | undefined }

/** Ends the process after `--help` and when the arguments are wrong. */
export function readCommand(): Command {
  const args = process.argv.slice(2)
  const options = {
    force: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
    base: { type: 'boolean', default: false },
    at: { type: 'string' },
    json: { type: 'boolean', default: false },
  } as const
  const command = `npm run ${SCRIPTS[args[0] ?? ''] ?? 'backup'} --`
  return readCommandLine(
    { command, usage: USAGE, allowPositionals: true, options },
    ({ positionals, values }) => {
      const { force, verify, base, at } = values
      const [name, file, ...rest] = positionals
      const given = Object.entries({ force, verify, base, at }).filter(
        ([, value]) => value !== undefined && value !== false,
      )
      const only = (...allowed: string[]) =>
        rest.length === 0 && given.every(([option]) => allowed.includes(option))
      if (name === 'backup' && !file && base && only('base')) return { name: 'base' }
      if (name === 'backup' && !file && only('verify')) return { name, verify }
      if (name === 'verify' && only()) return { name, file: file ?? 'latest' }
      if (name === 'restore' && !file && at && only('at')) return { name: 'restore-at', at: readTime(at) }
      if (name === 'restore' && file && only('force')) return { name, file, force }
      throw new Error(
        name === 'restore' && !file && !at
          ? 'restore what? A FILE is missing'
          : `"${args.join(' ')}" is no command`,
      )
    },
  )
}

const SCRIPTS: Record<string, string> = { verify: 'backup:verify', restore: 'restore' }

function readTime(text: string): Date | undefined {
  if (text === 'latest') return undefined
  const time = new Date(text)
  // without a zone it would be another moment on another machine
  if (!/(Z|[+-]\d\d:?\d\d)$/.test(text) || Number.isNaN(time.getTime()) || time.getTime() > Date.now()) {
    throw new Error(
      `--at ${text} must be "latest" or a time in the past with its zone, such as 2026-11-21T12:30:00Z`,
    )
  }
  return time
}
