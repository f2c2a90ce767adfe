-- The two tables of the course, as 0001_baseline has them, and its five events. Running it again changes nothing.
--
--   psql -U quickticket -d quickticket -f /dev/stdin < seed.sql
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

-- Where the course's dates have passed, all five move by the same whole years: the fewest that bring the first one into the
-- future. They are times of UTC: in a session elsewhere a year later may be another hour.
WITH course (id, name, venue, date, total_tickets, price_cents) AS (VALUES
  (1, 'Go Conference 2026',   'Main Hall A',  timestamp '2026-09-15 09:00', 100,  5000),
  (2, 'SRE Meetup',           'Room 204',     timestamp '2026-10-01 18:00',  30,     0),
  (3, 'Cloud Native Summit',  'Expo Center',  timestamp '2026-11-20 10:00', 500, 15000),
  (4, 'Python Workshop',      'Lab 301',      timestamp '2026-09-22 14:00',  25,  2000),
  (5, 'Kubernetes Deep Dive', 'Auditorium B', timestamp '2026-10-10 10:00',  80,  8000)
), clock AS (
  SELECT now() AT TIME ZONE 'UTC' AS today, min(date) AS first FROM course
), later AS (
  SELECT make_interval(years => CASE WHEN today < first THEN 0 ELSE extract(year FROM age(today, first))::int + 1 END) AS shift
  FROM clock
)
INSERT INTO events (id, name, venue, event_date, total_tickets, price_cents)
SELECT id, name, venue, (date + shift) AT TIME ZONE 'UTC', total_tickets, price_cents FROM course, later ORDER BY id
ON CONFLICT (id) DO NOTHING;

SELECT setval('events_id_seq', greatest((SELECT max(id) FROM events), (SELECT last_value FROM events_id_seq)));
