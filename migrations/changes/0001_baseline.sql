-- The course's schema, as a database from its early labs already has it.

-- Up Migration

CREATE TABLE IF NOT EXISTS events (
  id            serial PRIMARY KEY,
  name          text NOT NULL,
  venue         text NOT NULL,
  event_date    timestamptz NOT NULL,
  total_tickets integer NOT NULL,
  price_cents   integer NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
  id          text PRIMARY KEY,
  event_id    integer REFERENCES events (id),
  quantity    integer NOT NULL,
  total_cents integer NOT NULL,
  payment_ref text NOT NULL,
  status      text NOT NULL DEFAULT 'confirmed',
  created_at  timestamptz DEFAULT now()
);

-- Down Migration

DROP TABLE orders;
DROP TABLE events;
