import type { MigrationBuilder } from 'node-pg-migrate'

/** The new column beside the old one. Whichever a version of the code writes, the other one follows. */
export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    ALTER TABLE events ADD COLUMN scheduled_at timestamptz;

    CREATE FUNCTION keep_event_dates_equal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        NEW.scheduled_at := coalesce(NEW.scheduled_at, NEW.event_date);
        NEW.event_date := NEW.scheduled_at;
      ELSIF NEW.scheduled_at IS DISTINCT FROM OLD.scheduled_at THEN
        NEW.event_date := NEW.scheduled_at;
      ELSE
        NEW.scheduled_at := NEW.event_date;
      END IF;
      RETURN NEW;
    END $$;

    CREATE TRIGGER event_dates_equal BEFORE INSERT OR UPDATE ON events
      FOR EACH ROW EXECUTE FUNCTION keep_event_dates_equal();
  `)
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(`
    DROP TRIGGER event_dates_equal ON events;
    DROP FUNCTION keep_event_dates_equal;
    ALTER TABLE events DROP COLUMN scheduled_at;
  `)
}
