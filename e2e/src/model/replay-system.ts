import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceName } from '@quickticket/contract/services'
import { freePorts } from '@quickticket/local/ports'
import { migrate } from '@quickticket/testing/migrate'
import { createReplica, type Replica } from '@quickticket/testing/replica'
import { startPostgresServer, startRedisServer } from '@quickticket/testing/store-servers'
import pg from 'pg'
import type { Environment } from '../system.ts'
import { createGate, type Gate } from './gate.ts'

/** A replica of events, with gates to what it asks. */
export interface GatedReplica {
  url: string
  replica: Replica
  postgres: Gate
  redis: Gate
}

/** The real services, with one replica of events for each process of a trace. */
export interface ReplaySystem {
  events: Record<Actor, GatedReplica>
  /** sends what buyers reserve to the replica of B */
  gateway: { url: string; toEvents: Gate }
  payments: Replica
  postgres: pg.Pool
  redisPort: number
  /** what payments did to a reservation: whether a charge stands, how often it was charged again, whether it was voided */
  charges(reservationId: string): { standing: boolean; first: number; voided: boolean }
  close(): Promise<void>
}

const ACTORS = ['A', 'A2', 'B', 'release', 'reconciler'] as const
export type Actor = (typeof ACTORS)[number]

/** The gateway gives up on a reservation after this. */
const GATEWAY_TIMEOUT_MS = 500

export async function startReplaySystem(): Promise<ReplaySystem> {
  const redisServer = await startRedisServer()
  const postgresServer = await startPostgresServer()
  const logDir = join(postgresServer.dataDir, 'services')
  mkdirSync(logDir)
  const [paymentsPort = 0, gatewayPort = 0, ...eventsPorts] = await freePorts(2 + ACTORS.length)
  await migrate(postgresServer.port)

  const gates: Gate[] = []
  const gate = async (port: number) => {
    const created = await createGate(port)
    gates.push(created)
    return created
  }
  const replica = (service: ServiceName, name: string, port: number, environment: Environment) =>
    createReplica({ service, name, port, logDir, environment })

  const payments = replica('payments', 'payments', paymentsPort, {})
  const events = {} as Record<Actor, GatedReplica>
  for (const [index, actor] of ACTORS.entries()) {
    const port = eventsPorts[index] as number
    const [postgres, redis] = [await gate(postgresServer.port), await gate(redisServer.port)]
    const environment = {
      DB_HOST: '127.0.0.1',
      DB_PORT: String(postgres.port),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      PAYMENTS_URL: payments.url,
      RESERVATION_TTL: '10',
      // to wait at a gate is no outage
      REDIS_TIMEOUT_MS: '20000',
      DB_STATEMENT_TIMEOUT_MS: '20000',
      DB_LOCK_TIMEOUT_MS: '20000',
      RECONCILE_INTERVAL_MS: actor === 'reconciler' ? '100' : '600000',
    }
    const created = replica('events', `events-${actor}`, port, environment)
    events[actor] = {
      url: created.url,
      replica: created,
      postgres,
      redis,
    }
  }
  const toEvents = await gate(eventsPorts[ACTORS.indexOf('B')] as number)
  const gateway = replica('gateway', 'gateway', gatewayPort, {
    EVENTS_URL: `http://127.0.0.1:${toEvents.port}`,
    PAYMENTS_URL: payments.url,
    GATEWAY_TIMEOUT_MS: String(GATEWAY_TIMEOUT_MS),
  })
  const services = [payments, gateway, ...Object.values(events).map((each) => each.replica)]
  await Promise.all(services.map((service) => service.start()))

  const postgres = new pg.Pool({
    host: '127.0.0.1',
    port: postgresServer.port,
    user: 'quickticket',
    password: 'quickticket',
    database: 'quickticket',
    max: 4,
  })
  postgres.on('error', () => undefined)
  await slowCommits(postgres)

  return {
    events,
    gateway: { url: gateway.url, toEvents },
    payments,
    postgres,
    redisPort: redisServer.port,
    charges(reservationId) {
      const entries = readFileSync(payments.logFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"ledger"') && line.includes(reservationId))
        .map((line) => JSON.parse(line) as { ledger: 'charge' | 'void'; replayed: boolean })
      return {
        standing: entries.at(-1)?.ledger === 'charge',
        first: entries.filter(({ ledger, replayed }) => ledger === 'charge' && !replayed).length,
        voided: entries.some(({ ledger }) => ledger === 'void'),
      }
    },
    async close() {
      for (const service of services) service.resume()
      await Promise.all(services.map((service) => service.kill()))
      await postgres.end()
      await Promise.all(gates.map((each) => each.close()))
      await Promise.all([postgresServer.close(), redisServer.close()])
    },
  }
}

/** The COMMIT of an order waits while another session has the lock of its reservation. */
async function slowCommits(postgres: pg.Pool): Promise<void> {
  await postgres.query(`
    CREATE FUNCTION wait_to_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext(NEW.id));
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER wait_to_commit AFTER INSERT ON orders
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_to_commit()`)
}
