import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@quickticket/kit/log'
import { postgresTls } from '@quickticket/kit/postgres-variables'
import pg from 'pg'
import type { Config } from './config.ts'

export class Unreachable extends Error {}

/** How long to wait for a database that is not there yet, in milliseconds. */
export interface Waiting {
  /** an attempt begins within this time */
  waitMs: number
  /** for one attempt, from looking up the host to the end of the login; without it a lost packet costs two minutes */
  attemptTimeoutMs: number
  /** between two attempts */
  pauseMs: number
}

const WAITING: Waiting = { waitMs: 30_000, attemptTimeoutMs: 5000, pauseMs: 500 }

/** Errors that waiting does not fix. @see https://www.postgresql.org/docs/17/errcodes-appendix.html */
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
export async function connect(
  config: Config,
  log: Log,
  applicationName: string,
  waiting: Partial<Waiting> = {},
): Promise<pg.Client> {
  const { waitMs, attemptTimeoutMs, pauseMs } = { ...WAITING, ...waiting }
  const deadline = performance.now() + waitMs
  for (let attempt = 1; ; attempt++) {
    const client = createClient(config, applicationName, attemptTimeoutMs)
    try {
      await client.connect()
      return client
    } catch (error) {
      const { code = '' } = error as { code?: string }
      const refused = REFUSED[code]
      if (refused || performance.now() + pauseMs >= deadline) throw unreachable(config, error, refused)
      if (attempt === 1) log.info(`waiting for PostgreSQL at ${config.DB_HOST}:${config.DB_PORT}`)
      await delay(pauseMs)
    }
  }
}

function createClient(config: Config, applicationName: string, attemptTimeoutMs: number): pg.Client {
  const client = new pg.Client(connectionOptions(config, applicationName, attemptTimeoutMs))
  // the next query fails with the reason; without a listener the process would end first
  client.on('error', () => undefined)
  return client
}

/** What every connection to the database of the variables needs, of a client or of a pool. */
export function connectionOptions(
  config: Config,
  applicationName: string,
  connectTimeoutMs = WAITING.attemptTimeoutMs,
) {
  return {
    host: config.DB_HOST,
    port: config.DB_PORT,
    database: config.DB_NAME,
    user: config.DB_USER,
    password: config.DB_PASS,
    ssl: postgresTls(config),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    // a long statement is a long silence: only a probe tells it from a server that has vanished
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    // a server that probes as seldom as its system does holds the locks of a runner that has vanished for two hours
    options: '-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3',
  }
}

function unreachable(
  { DB_HOST, DB_PORT, DB_NAME, DB_USER }: Config,
  cause: unknown,
  refused: string | undefined,
): Error {
  const why = refused ?? 'there is no answer: is it running, and are DB_HOST and DB_PORT right?'
  // a refusal has its reason in the message; for no answer the cause has it
  return new Unreachable(`PostgreSQL at ${DB_HOST}:${DB_PORT} (${DB_NAME}, user ${DB_USER}): ${why}`, {
    cause: refused ? undefined : cause,
  })
}
