import type { MigrationBuilder } from 'node-pg-migrate'

/** A column that may be empty is only an entry in the catalogue, however many events there are. */
export function up(pgm: MigrationBuilder): void {
  pgm.sql('ALTER TABLE events ADD COLUMN IF NOT EXISTS email text')
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('ALTER TABLE events DROP COLUMN email')
}
