import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * Old rows get the new column, a thousand at a time, so that a buyer waits for the lock of one batch at most. Every step may
 * be repeated, because the whole change is when one of them is interrupted.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction()
  pgm.sql(`
    DO $$
    BEGIN
      LOOP
        UPDATE events SET scheduled_at = event_date
          WHERE id IN (SELECT id FROM events WHERE scheduled_at IS NULL LIMIT 1000 FOR UPDATE SKIP LOCKED);
        EXIT WHEN NOT FOUND AND NOT EXISTS (SELECT FROM events WHERE scheduled_at IS NULL);
        COMMIT;
      END LOOP;
    END $$`)
  // a check that is validated proves it without reading the table under a lock that blocks all statements
  pgm.sql('ALTER TABLE events DROP CONSTRAINT IF EXISTS events_scheduled_at_set')
  pgm.sql(
    'ALTER TABLE events ADD CONSTRAINT events_scheduled_at_set CHECK (scheduled_at IS NOT NULL) NOT VALID',
  )
  pgm.sql('ALTER TABLE events VALIDATE CONSTRAINT events_scheduled_at_set')
  pgm.sql('ALTER TABLE events ALTER COLUMN scheduled_at SET NOT NULL')
  pgm.sql('ALTER TABLE events DROP CONSTRAINT events_scheduled_at_set')
  pgm.sql('SET lock_timeout = 0')
  pgm.sql('CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_events_scheduled_at ON events (scheduled_at)')
}

export function down(pgm: MigrationBuilder): void {
  pgm.noTransaction()
  pgm.sql('ALTER TABLE events ALTER COLUMN scheduled_at DROP NOT NULL')
  pgm.sql('SET lock_timeout = 0')
  pgm.sql('DROP INDEX CONCURRENTLY IF EXISTS idx_events_scheduled_at')
}
