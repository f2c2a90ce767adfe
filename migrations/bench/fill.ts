import type pg from 'pg'

/** Fills a database that has the newest schema with events of equally many orders each. The client has to be a superuser. */
export async function fill(client: pg.Client, size: { events: number; orders: number }): Promise<void> {
  const { events, orders } = size
  await client.query(
    `-- triggers and foreign keys would look at every order: they find what is written here anyway
     SET session_replication_role = replica;
     INSERT INTO events (name, venue, event_date, total_tickets, price_cents, sold)
     SELECT 'Event ' || n, 'Hall', now() + random() * interval '1 year', 100000000, 100, ${orders / events}
     FROM generate_series(1, ${events}) AS n;
     INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
     SELECT gen_random_uuid(), 1 + n % ${events}, 1, 100, 'PAY-0' FROM generate_series(1, ${orders}) AS n;
     RESET session_replication_role`,
  )
  // so that what the filling has left to do does not show in what is measured
  await client.query('VACUUM ANALYZE')
  await client.query('CHECKPOINT')
}
