import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import pg from 'pg'
import type { Config } from './config.ts'

export class Unreachable extends Error {}

const CONNECT_ATTEMPTS = 60
/** What waiting does not mend. @see https://www.postgresql.org/docs/17/errcodes-appendix.html */
const REFUSED: Record<string, string> = {
  '28P01': 'it does not take this user with this password: check DB_USER and DB_PASS',
  '28000': 'it does not take this user: check DB_USER',
  '3D000': 'it has no such database: check DB_NAME',
}

/**
 * A connection to the database that the variables name; waits half a minute for one that is not there yet.
 *
 * @throws {Unreachable}
 */
export async function connect(config: Config, log: Log, applicationName: string): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const client = createClient(config, applicationName)
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

function createClient(config: Config, applicationName: string): pg.Client {
  const client = new pg.Client({
    host: config.DB_HOST,
    port: config.DB_PORT,
    database: config.DB_NAME,
    user: config.DB_USER,
    password: config.DB_PASS,
    application_name: applicationName,
  })
  // whatever is asked next fails with the reason; without a listener the process would end first
  client.on('error', () => undefined)
  return client
}

function unreachable(
  { DB_HOST, DB_PORT, DB_NAME, DB_USER }: Config,
  cause: unknown,
  refused: string | undefined,
): Error {
  const why = refused ?? 'there is no answer: is it running, and are DB_HOST and DB_PORT right?'
  // why it was refused is told; what lies behind no answer is not
  return new Unreachable(`PostgreSQL at ${DB_HOST}:${DB_PORT} (${DB_NAME}, user ${DB_USER}): ${why}`, {
    cause: refused ? undefined : cause,
  })
}
