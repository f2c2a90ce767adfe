import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ConfigError, loadConfig } from '@quickticket/kit/config'
import { createLog, flushLog } from '@quickticket/kit/log'
import pg from 'pg'
import { type Config, variables } from './config.ts'
import { migrateDown, migrateUp, seed } from './runner.ts'

const USAGE = `npm run migrate -- up [--seed]   apply what is missing, then add the course's events
npm run migrate -- down          take the last change back

The database is named by DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASS.`

class Unreachable extends Error {}

const CONNECT_ATTEMPTS = 60
/** What waiting does not mend. @see https://www.postgresql.org/docs/17/errcodes-appendix.html */
const REFUSED: Record<string, string> = {
  '28P01': 'it does not take this user with this password: check DB_USER and DB_PASS',
  '28000': 'it does not take this user: check DB_USER',
  '3D000': 'it has no such database: check DB_NAME',
}

const log = createLog('migrations', 'info')

// as process 1 of a container, it would not hear the signal otherwise
process.once('SIGTERM', () => process.exit(143))

try {
  const command = readCommand()
  const client = await connect(loadConfig(variables, process.env))
  try {
    const changed = command.name === 'up' ? await migrateUp(client, log) : await migrateDown(client, log)
    log.info({ changed }, changed.length ? `${command.name}: ${changed.join(', ')}` : 'nothing to do')
    if (command.seed) await seed(client)
  } finally {
    await client.end()
  }
} catch (error) {
  if (error instanceof ConfigError) log.error(error.message)
  else if (error instanceof Unreachable) log.error({ err: error.cause }, error.message)
  else log.error({ err: error }, 'migration failed')
  process.exitCode = 1
}
await flushLog(log)

function readCommand(): { name: 'up' | 'down'; seed: boolean } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { seed: { type: 'boolean', default: false }, help: { type: 'boolean' } },
    })
    const [name = 'up', ...rest] = positionals
    if (!values.help && rest.length === 0 && (name === 'up' || name === 'down'))
      return { name, seed: values.seed }
    console.log(USAGE)
    process.exit(values.help ? 0 : 2)
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}

async function connect(config: Config): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({
      host: config.DB_HOST,
      port: config.DB_PORT,
      database: config.DB_NAME,
      user: config.DB_USER,
      password: config.DB_PASS,
      application_name: 'quickticket-migrations',
    })
    try {
      await client.connect()
      return client
    } catch (error) {
      const { code = '' } = error as { code?: string }
      const refused = REFUSED[code]
      if (refused || attempt === CONNECT_ATTEMPTS) throw unreachable(config, error, refused)
      if (attempt === 1) log.info(`waiting for PostgreSQL at ${config.DB_HOST}:${config.DB_PORT}`)
      await delay(500)
    }
  }
}

function unreachable(
  { DB_HOST, DB_PORT, DB_NAME, DB_USER }: Config,
  cause: unknown,
  why = 'there is no answer: is it running, and are DB_HOST and DB_PORT right?',
): Error {
  return new Unreachable(`PostgreSQL at ${DB_HOST}:${DB_PORT} (${DB_NAME}, user ${DB_USER}): ${why}`, {
    cause,
  })
}
