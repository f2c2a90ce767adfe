import type { MigrationBuilder } from 'node-pg-migrate'

/** Events are listed by date. Built while they are sold: it waits for running transactions and blocks no statement. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction()
  // it may wait for long transactions, because it blocks no statement meanwhile
  pgm.sql('SET lock_timeout = 0')
  pgm.sql('CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_events_event_date ON events (event_date)')
}

export function down(pgm: MigrationBuilder): void {
  pgm.noTransaction()
  pgm.sql('SET lock_timeout = 0')
  pgm.sql('DROP INDEX CONCURRENTLY IF EXISTS idx_events_event_date')
}
