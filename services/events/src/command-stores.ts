import { type Environment, loadConfig } from '@quickticket/kit/config'
import { createLog } from '@quickticket/kit/log'
import type pg from 'pg'
import { variables } from './config.ts'
import { connectHolds, connectPostgres } from './connections.ts'
import type { HoldStore } from './hold-store.ts'
import { untilReachable } from './until-reachable.ts'

export interface CommandStores {
  postgres: pg.Pool
  /** undefined: they are in the memory of the events process */
  holds: HoldStore | undefined
}

const ON_THIS_MACHINE = { DB_HOST: '127.0.0.1', REDIS_HOST: '127.0.0.1' }

/**
 * The stores that a command works on: those that the environment names, by default those on the usual ports of this machine. `expect` throws an Error in one sentence when one of them does not answer or is
 * not QuickTicket's.
 *
 * @throws {ConfigError}
 */
export async function openStores(
  name: string,
  environment: Environment,
): Promise<{ stores: CommandStores; expect(): Promise<void> }> {
  const config = loadConfig(variables, { ...ON_THIS_MACHINE, ...environment })
  const log = createLog(name, 'error')
  const postgres = connectPostgres(config, log)
  const holds = config.HOLD_STORE === 'redis' ? connectHolds(config, log) : undefined

  async function expect() {
    await postgres.query('SELECT FROM events LIMIT 1').catch((error: unknown) => {
      const where = `${config.DB_HOST}:${config.DB_PORT} (${config.DB_NAME})`
      throw new Error(`PostgreSQL at ${where}: ${whyUnusable(error)}`)
    })
    if (!holds) return
    await untilReachable(holds).catch(() => {
      const where = `${config.REDIS_HOST}:${config.REDIS_PORT}`
      throw new Error(`Redis at ${where} does not answer; HOLD_STORE=memory leaves the holds out`)
    })
  }

  return { stores: { postgres, holds }, expect }
}

function whyUnusable(error: unknown): string {
  const { code = '', message, errors = [] } = error as Error & { code?: string; errors?: Error[] }
  if (code === '42P01') return 'it has no tables of QuickTicket'
  return message || errors[0]?.message || code || 'it does not answer'
}
