import type { Log } from '@quickticket/kit/log'
import type pg from 'pg'
import { createQuery } from './query.ts'

/** What an order still has to cause: its hold ends, it is counted, it is notified of. */
export type Topic = 'hold' | 'count' | 'notify'

/**
 * The transactional outbox: an order and what it has to cause are written at once, and each entry stays until it is done. An
 * entry that is not done within seconds is due, and any replica takes it: everything is done at least once.
 *
 * @see https://microservices.io/patterns/data/transactional-outbox.html
 */
export interface Outbox {
  /** Remembers that it is done, and deletes the entry within a second. */
  done(topic: Topic, orderId: string): void
  /** Deletes the entries of what is done by now. */
  delete(topic: Topic, orderIds: string[]): Promise<void>
  /** Takes entries that are due; no other replica gets them for `leaseMs`. */
  takeDue(topic: Topic, limit: number, leaseMs: number): Promise<string[]>
  /** Deletes what is done, and stops. */
  close(): Promise<void>
}

const FLUSH_EVERY_MS = 500

const QUERIES = {
  delete: {
    name: 'outbox-delete',
    text: 'DELETE FROM outbox WHERE topic = $1 AND order_id = ANY ($2)',
  },
  take: {
    name: 'outbox-take',
    text: `UPDATE outbox SET due_at = now() + $3 * interval '1 ms'
           WHERE topic = $1 AND order_id IN (
             SELECT order_id FROM outbox WHERE topic = $1 AND due_at <= now()
             ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING order_id`,
  },
}

export function createOutbox(postgres: pg.Pool, log: Log): Outbox {
  const finished = new Map<Topic, string[]>()
  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS)

  const query = createQuery(postgres)

  async function deleteAll(topic: Topic, orderIds: string[]): Promise<void> {
    if (orderIds.length > 0) await query(QUERIES.delete, [topic, orderIds])
  }

  async function flush(): Promise<void> {
    for (const [topic, orderIds] of finished) {
      finished.delete(topic)
      // they stay, and are done once more
      await deleteAll(topic, orderIds).catch((error: unknown) =>
        log.warn({ err: error, topic }, 'outbox not cleared yet'),
      )
    }
  }

  return {
    done(topic, orderId) {
      const orderIds = finished.get(topic)
      if (orderIds) orderIds.push(orderId)
      else finished.set(topic, [orderId])
    },
    delete: deleteAll,
    async takeDue(topic, limit, leaseMs) {
      const rows = await query<{ order_id: string }>(QUERIES.take, [topic, limit, leaseMs])
      return rows.map((row) => row.order_id)
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
