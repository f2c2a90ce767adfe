import pg from 'pg'
import type { Context } from '../../context.ts'
import { addressOf } from './components.ts'

const TIMEOUT_MS = 5000

/** A connection to the system's database by its published port, not opened yet. @param settings such as `lock_timeout=2000` */
export function postgresClient(context: Context, settings: string[]): pg.Client {
  const { env } = context
  const client = new pg.Client({
    ...addressOf(context, 'postgres'),
    database: env.DB_NAME || 'quickticket',
    user: env.DB_USER || 'quickticket',
    password: env.DB_PASS || 'quickticket',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    options: [`statement_timeout=${TIMEOUT_MS}`, ...settings].map((setting) => `-c ${setting}`).join(' '),
  })
  client.on('error', () => undefined)
  return client
}
