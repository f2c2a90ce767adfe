import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGuard } from '@quickticket/local/guard'
import { freePorts } from '@quickticket/local/ports'
import { startPostgres } from '@quickticket/local/postgres-server'
import { findRedis, startRedis } from '@quickticket/local/redis-server'
import pg from 'pg'
import { REPOSITORY } from '../faults/cluster.ts'
import { migrate } from '../faults/migrate.ts'
import { createReplica, type Replica } from '../faults/process.ts'
import type { Environment, Service } from '../system.ts'
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
  const program = findRedis(process.env.PATH ?? '')
  if (!program)
    throw new Error('redis-server or valkey-server is needed on the PATH: apt-get install redis-server')
  const dir = mkdtempSync(join(tmpdir(), 'quickticket-replay-'))
  // as root, another user runs PostgreSQL
  chmodSync(dir, 0o755)
  const logDir = join(dir, 'services')
  mkdirSync(logDir)
  const guard = await startGuard()
  const ports = await freePorts(4 + ACTORS.length)
  const [postgresPort = 0, redisPort = 0, paymentsPort = 0, gatewayPort = 0, ...eventsPorts] = ports
  await startPostgres({ dataDir: dir, port: postgresPort, guard, log: () => undefined, durable: false })
  await startRedis({ program, dataDir: dir, port: redisPort, guard })
  await migrate(REPOSITORY, postgresPort)

  const gates: Gate[] = []
  const gate = async (port: number) => {
    const created = await createGate(port)
    gates.push(created)
    return created
  }
  const replica = (service: Service, name: string, port: number, environment: Environment) =>
    createReplica({ service, name, port, root: REPOSITORY, logDir, environment })

  const payments = replica('payments', 'payments', paymentsPort, {})
  const events = {} as Record<Actor, GatedReplica>
  for (const [index, actor] of ACTORS.entries()) {
    const port = eventsPorts[index] as number
    const [postgres, redis] = [await gate(postgresPort), await gate(redisPort)]
    const environment = {
      DB_HOST: '127.0.0.1',
      DB_PORT: String(postgres.port),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      PAYMENTS_URL: `http://127.0.0.1:${paymentsPort}`,
      RESERVATION_TTL: '10',
      // to wait at a gate is no outage
      REDIS_TIMEOUT_MS: '20000',
      DB_STATEMENT_TIMEOUT_MS: '20000',
      DB_LOCK_TIMEOUT_MS: '20000',
      RECONCILE_INTERVAL_MS: actor === 'reconciler' ? '100' : '600000',
    }
    events[actor] = {
      url: `http://127.0.0.1:${port}`,
      replica: replica('events', `events-${actor}`, port, environment),
      postgres,
      redis,
    }
  }
  const toEvents = await gate(eventsPorts[ACTORS.indexOf('B')] as number)
  const gateway = replica('gateway', 'gateway', gatewayPort, {
    EVENTS_URL: `http://127.0.0.1:${toEvents.port}`,
    PAYMENTS_URL: `http://127.0.0.1:${paymentsPort}`,
    GATEWAY_TIMEOUT_MS: String(GATEWAY_TIMEOUT_MS),
  })
  const services = [payments, gateway, ...Object.values(events).map((each) => each.replica)]
  await Promise.all(services.map((service) => service.start()))

  const postgres = new pg.Pool({
    host: '127.0.0.1',
    port: postgresPort,
    user: 'quickticket',
    password: 'quickticket',
    database: 'quickticket',
    max: 4,
  })
  postgres.on('error', () => undefined)
  await slowCommits(postgres)

  return {
    events,
    gateway: { url: `http://127.0.0.1:${gatewayPort}`, toEvents },
    payments,
    postgres,
    redisPort,
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
      await guard.endAll(5000)
      rmSync(dir, { recursive: true, force: true })
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
