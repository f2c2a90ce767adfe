import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * What an order still has to cause is written with it, in one transaction: its hold is ended, it is counted and notified of at
 * least once, also when the answer to its COMMIT is lost. And a checkout is confirmed until it expires, and not a moment later: the hold
 * of its seats may be over then.
 *
 * The letter in its number: it comes before the changes that students add one by one, and databases that have those already
 * get it as their next one. confirm_checkout stays for the version that serves meanwhile.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    CREATE TABLE outbox (
      topic    text NOT NULL CHECK (topic IN ('hold', 'count', 'notify')),
      order_id text NOT NULL,
      due_at   timestamptz NOT NULL,
      PRIMARY KEY (topic, order_id)
    );
    CREATE INDEX outbox_due ON outbox (topic, due_at);

    -- charged: whether payments had charged it, as far as is known. void_reason: why it was given up.
    ALTER TABLE checkouts ADD COLUMN charged boolean;
    ALTER TABLE checkouts ADD COLUMN void_reason text;
    -- ten tickets at most: their total fits an integer
    ALTER TABLE events ADD CONSTRAINT events_price_in_range CHECK (price_cents BETWEEN 0 AND 214748364) NOT VALID;

    -- One atomic step: the event is locked, the time and the seats are checked, the checkout is closed, the order is inserted.
    -- Repeating it answers the same order. expired, sold_out: the charge has to be given back, the checkout says so already.
    -- A checkout is found by its key, whatever a session planned: see 0006.
    CREATE FUNCTION confirm_order(reservation text, reference text, notifies boolean)
      RETURNS TABLE (outcome text, event_id integer, quantity integer, total_cents integer, sold integer)
      LANGUAGE plpgsql SET enable_seqscan = off AS $$
    DECLARE
      checkout checkouts;
      event events;
      refusal text;
    BEGIN
      SELECT * INTO checkout FROM checkouts c WHERE c.reservation_id = reservation FOR UPDATE;
      IF checkout.state IS DISTINCT FROM 'open' THEN
        RETURN QUERY SELECT 'confirmed', o.event_id, o.quantity, o.total_cents, e.sold
          FROM orders o JOIN events e ON e.id = o.event_id WHERE o.id = reservation;
        IF NOT FOUND AND checkout.reservation_id IS NOT NULL THEN
          RETURN QUERY SELECT CASE checkout.state WHEN 'confirmed' THEN 'unknown' ELSE checkout.state END,
            checkout.event_id, checkout.quantity, checkout.total_cents, 0;
        END IF;
        RETURN;
      END IF;

      SELECT * INTO event FROM events e WHERE e.id = checkout.event_id FOR NO KEY UPDATE;
      -- the last thing that is waited for has come: now() is the time before it
      IF clock_timestamp() >= checkout.expires_at THEN
        refusal := 'expired';
      ELSIF event.id IS NULL OR event.sold + checkout.quantity > event.total_tickets THEN
        refusal := 'sold_out';
      END IF;
      IF refusal IS NOT NULL THEN
        UPDATE checkouts c SET state = 'voiding', void_at = now(), payment_ref = reference, charged = true,
            void_reason = refusal WHERE c.reservation_id = reservation;
        RETURN QUERY SELECT refusal, checkout.event_id, checkout.quantity, checkout.total_cents, 0;
        RETURN;
      END IF;

      UPDATE checkouts c SET state = 'confirmed', payment_ref = reference, charged = true, closed_at = now()
        WHERE c.reservation_id = reservation;
      INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
        VALUES (reservation, checkout.event_id, checkout.quantity, checkout.total_cents, reference);
      INSERT INTO outbox (topic, order_id, due_at)
        SELECT topic, reservation, now() + CASE topic WHEN 'hold' THEN interval '2 seconds' ELSE interval '10 seconds' END
        FROM unnest(ARRAY['hold', 'count', 'notify']) AS topic
        WHERE topic <> 'notify' OR notifies;
      RETURN QUERY SELECT 'ordered', checkout.event_id, checkout.quantity, checkout.total_cents, e.sold
        FROM events e WHERE e.id = checkout.event_id;
    END $$;
  `)
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(`
    DROP FUNCTION confirm_order;
    ALTER TABLE events DROP CONSTRAINT events_price_in_range;
    ALTER TABLE checkouts DROP COLUMN void_reason;
    ALTER TABLE checkouts DROP COLUMN charged;
    DROP TABLE outbox;
  `)
}
