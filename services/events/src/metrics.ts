import { createSlidingMaximum, MAXIMUM_WINDOW_S } from '@quickticket/kit/sliding-maximum'
import type pg from 'pg'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { HoldStore } from './hold-store.ts'

export type EventsMetrics = ReturnType<typeof createEventsMetrics>

export function createEventsMetrics(registry: Registry, postgres: pg.Pool, holds: HoldStore) {
  const registers = [registry]
  const orders = new Counter({ name: 'events_orders_total', help: 'Orders confirmed', registers })
  const voids = new Counter({
    name: 'events_checkouts_voided_total',
    help: 'Checkouts given up and voided',
    registers,
  })

  new Gauge({
    name: 'events_reservations_active',
    help: 'Reservations that are held; no value while Redis cannot be asked',
    registers,
    async collect() {
      // NaN is no value: the other metrics must be readable without Redis
      this.set(await holds.count().catch(() => Number.NaN))
    },
  })
  const peaks = poolPeaks(postgres)
  poolGauge('events_db_pool_size', 'Connections to PostgreSQL in use', () => connectionsInUse(postgres))
  poolGauge(
    'events_db_pool_in_use_max',
    `The most connections to PostgreSQL that were in use at once in the last ${MAXIMUM_WINDOW_S} s`,
    () => Math.max(connectionsInUse(postgres), peaks.inUse.max()),
  )
  poolGauge(
    'events_db_pool_idle',
    'Connections to PostgreSQL that are open and idle',
    () => postgres.idleCount,
  )
  poolGauge('events_db_pool_waiting', 'Requests that wait for a connection', () => postgres.waitingCount)
  poolGauge(
    'events_db_pool_waiting_max',
    `The most requests that waited for a connection at once in the last ${MAXIMUM_WINDOW_S} s`,
    () => Math.max(postgres.waitingCount, peaks.waiting.max()),
  )
  poolGauge('events_db_pool_max', 'Most connections that may be open', () => postgres.options.max ?? 0)
  return { orders, voids }

  function poolGauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
}

function connectionsInUse(postgres: pg.Pool): number {
  return postgres.totalCount - postgres.idleCount
}

/** Queries are short: a look once in 15 s finds the pool idle, however busy it is. */
function poolPeaks(postgres: pg.Pool) {
  const inUse = createSlidingMaximum()
  const waiting = createSlidingMaximum()
  const note = () => {
    inUse.record(connectionsInUse(postgres))
    waiting.record(postgres.waitingCount)
  }
  postgres.on('acquire', note)
  // before it is idle, and before the first of those who wait has it
  postgres.on('release', note)
  return { inUse, waiting }
}
