-- The two tables and the five events, as lab 4 pipes them into psql: ids are counted, and nothing is known of seats sold.
CREATE TABLE IF NOT EXISTS events (
  id            serial PRIMARY KEY,
  name          text NOT NULL,
  venue         text NOT NULL,
  event_date    timestamptz NOT NULL,
  total_tickets int NOT NULL,
  price_cents   int NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
  id          text PRIMARY KEY,
  event_id    int REFERENCES events (id),
  quantity    int NOT NULL,
  total_cents int NOT NULL,
  payment_ref text NOT NULL,
  status      text NOT NULL DEFAULT 'confirmed',
  created_at  timestamptz DEFAULT now()
);
INSERT INTO events (name, venue, event_date, total_tickets, price_cents) VALUES
  ('Go Conference 2026',   'Main Hall A',  '2026-09-15 09:00+00', 100,  5000),
  ('SRE Meetup',           'Room 204',     '2026-10-01 18:00+00',  30,     0),
  ('Cloud Native Summit',  'Expo Center',  '2026-11-20 10:00+00', 500, 15000),
  ('Python Workshop',      'Lab 301',      '2026-09-22 14:00+00',  25,  2000),
  ('Kubernetes Deep Dive', 'Auditorium B', '2026-10-10 10:00+00',  80,  8000)
ON CONFLICT DO NOTHING;
