import type { MigrationBuilder } from 'node-pg-migrate'

/** When no version that knows the old name runs any more. Its index goes with the column. */
export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    DROP TRIGGER event_dates_equal ON events;
    DROP FUNCTION keep_event_dates_equal;
    ALTER TABLE events DROP COLUMN event_date;
  `)
}

export function down(): void {
  throw new Error('the old column is gone: restore a backup, or make a change that adds it again')
}
