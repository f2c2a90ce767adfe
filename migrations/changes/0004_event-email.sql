-- A nullable column is only an entry in the catalogue: no row is rewritten, whatever the number of events.

-- Up Migration

ALTER TABLE events ADD COLUMN IF NOT EXISTS email text;

-- Down Migration

ALTER TABLE events DROP COLUMN email;
