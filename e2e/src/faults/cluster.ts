import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceName } from '@quickticket/contract/services'
import { freePorts } from '@quickticket/local/ports'
import { migrate } from '@quickticket/testing/migrate'
import { createReplica, type Replica } from '@quickticket/testing/replica'
import { startPostgresServer, startRedisServer } from '@quickticket/testing/store-servers'
import pg from 'pg'
import type { Environment } from '../system.ts'
import { type Arrow, createArrow } from './arrow.ts'

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
  close(): Promise<void>
}

export interface ClusterOptions {
  /** where services/ and migrations/ are; this repository unless told */
  root?: string
  /** for every service */
  environment?: Environment
  replicas?: number
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { root, environment = {}, replicas = 2 } = options
  const redisServer = await startRedisServer()
  const postgresServer = await startPostgresServer({ durable: true })
  const logDir = join(postgresServer.dataDir, 'services')
  mkdirSync(logDir)
  const [gatewayPort = 0, ...servicePorts] = await freePorts(1 + 2 * replicas)
  await migrate(postgresServer.port, ['up'], root)

  const eventsPorts = servicePorts.slice(0, replicas)
  const paymentsPorts = servicePorts.slice(replicas)
  const arrows = {
    events: await createArrow(eventsPorts),
    payments: await createArrow(paymentsPorts),
    postgres: await createArrow([postgresServer.port]),
    redis: await createArrow([redisServer.port]),
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
  const replica = (service: ServiceName, index: number, port: number) =>
    createReplica({
      service,
      name: `${service}-${index}`,
      port,
      logDir,
      environment: variables,
      ...(root !== undefined && { root }),
    })
  const events = eventsPorts.map((port, index) => replica('events', index, port))
  const payments = paymentsPorts.map((port, index) => replica('payments', index, port))
  const gateway = replica('gateway', 0, gatewayPort)
  await Promise.all([gateway, ...events, ...payments].map((service) => service.start()))

  const postgres = new pg.Pool({
    host: '127.0.0.1',
    port: postgresServer.port,
    user: 'quickticket',
    password: 'quickticket',
    database: 'quickticket',
    max: 4,
    connectionTimeoutMillis: 10_000,
  })
  postgres.on('error', () => undefined)

  return {
    gatewayUrl: gateway.url,
    gateway,
    events,
    payments,
    arrows,
    postgres,
    ports: { postgres: postgresServer.port, redis: redisServer.port },
    killPostgres: postgresServer.kill,
    startPostgres: postgresServer.start,
    killRedis: redisServer.kill,
    async startRedis({ empty }) {
      if (empty) redisServer.forget()
      await redisServer.start()
    },
    async close() {
      await Promise.all([gateway, ...events, ...payments].map((service) => service.kill()))
      await postgres.end()
      await Promise.all(Object.values(arrows).map((arrow) => arrow.close()))
      await Promise.all([postgresServer.close(), redisServer.close()])
    },
  }
}
