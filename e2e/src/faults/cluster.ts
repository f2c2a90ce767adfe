import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startGuard } from '@quickticket/local/guard'
import { freePorts } from '@quickticket/local/ports'
import { type PostgresServer, startPostgres } from '@quickticket/local/postgres-server'
import { findRedis, type RedisServer, startRedis } from '@quickticket/local/redis-server'
import pg from 'pg'
import type { Environment, Service } from '../system.ts'
import { type Arrow, createArrow } from './arrow.ts'
import { migrate } from './migrate.ts'
import { createReplica, type Replica } from './process.ts'

/** The whole system with two replicas each of events and payments, and a proxy on every arrow. */
export interface Cluster {
  gatewayUrl: string
  gateway: Replica
  events: Replica[]
  payments: Replica[]
  /** what lies between: gateway → events, gateway and events → payments, events → PostgreSQL, events → Redis */
  arrows: { events: Arrow; payments: Arrow; postgres: Arrow; redis: Arrow }
  /** a pool that goes to PostgreSQL directly */
  postgres: pg.Pool
  /** the ports of the servers themselves */
  ports: { postgres: number; redis: number }
  killPostgres(): Promise<void>
  startPostgres(): Promise<void>
  killRedis(): Promise<void>
  /** @param empty without what it held */
  startRedis(options: { empty: boolean }): Promise<void>
  /** logs and data */
  dir: string
  close(): Promise<void>
}

export interface ClusterOptions {
  /** where services/ and migrations/ are; this repository unless told */
  root?: string
  /** for every service */
  environment?: Environment
  replicas?: number
}

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

export const hasRedis = findRedis(process.env.PATH ?? '') !== undefined

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { root = REPOSITORY, environment = {}, replicas = 2 } = options
  const program = findRedis(process.env.PATH ?? '')
  if (!program) throw new Error('redis-server or valkey-server is needed on the PATH')
  const dir = mkdtempSync(join(tmpdir(), 'quickticket-faults-'))
  // as root, another user runs PostgreSQL
  chmodSync(dir, 0o755)
  const logDir = join(dir, 'services')
  mkdirSync(logDir)
  const guard = await startGuard()
  const [postgresPort = 0, redisPort = 0, gatewayPort = 0, ...servicePorts] = await freePorts(
    3 + 2 * replicas,
  )
  const startServer = () => startPostgres({ dataDir: dir, port: postgresPort, guard, log: () => undefined })
  const startStore = () => startRedis({ program, dataDir: dir, port: redisPort, guard })
  let postgresServer: PostgresServer = await startServer()
  let redisServer: RedisServer = await startStore()
  await migrate(root, postgresPort)

  const eventsPorts = servicePorts.slice(0, replicas)
  const paymentsPorts = servicePorts.slice(replicas)
  const arrows = {
    events: await createArrow(eventsPorts),
    payments: await createArrow(paymentsPorts),
    postgres: await createArrow([postgresPort]),
    redis: await createArrow([redisPort]),
  }
  const variables: Environment = {
    DB_HOST: '127.0.0.1',
    DB_PORT: String(arrows.postgres.port),
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(arrows.redis.port),
    EVENTS_URL: `http://127.0.0.1:${arrows.events.port}`,
    PAYMENTS_URL: `http://127.0.0.1:${arrows.payments.port}`,
    ...environment,
  }
  const replica = (service: Service, index: number, port: number) =>
    createReplica({ service, name: `${service}-${index}`, port, root, logDir, environment: variables })
  const events = eventsPorts.map((port, index) => replica('events', index, port))
  const payments = paymentsPorts.map((port, index) => replica('payments', index, port))
  const gateway = replica('gateway', 0, gatewayPort)
  await Promise.all([gateway, ...events, ...payments].map((service) => service.start()))

  const postgres = new pg.Pool({
    host: '127.0.0.1',
    port: postgresPort,
    user: 'quickticket',
    password: 'quickticket',
    database: 'quickticket',
    max: 4,
    connectionTimeoutMillis: 10_000,
  })
  postgres.on('error', () => undefined)

  return {
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    gateway,
    events,
    payments,
    arrows,
    postgres,
    ports: { postgres: postgresPort, redis: redisPort },
    dir,
    killPostgres: async () => void (await postgresServer.kill()),
    async startPostgres() {
      postgresServer = await startServer()
    },
    killRedis: async () => void (await redisServer.kill()),
    async startRedis({ empty }) {
      if (empty) rmSync(join(dir, 'redis', 'dump.rdb'), { force: true })
      redisServer = await startStore()
    },
    async close() {
      await Promise.all([gateway, ...events, ...payments].map((service) => service.kill()))
      await postgres.end()
      await Promise.all(Object.values(arrows).map((arrow) => arrow.close()))
      await guard.endAll(5000)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
