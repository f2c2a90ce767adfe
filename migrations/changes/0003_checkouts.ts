import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * A checkout is the intent to pay, written before money moves. It ends confirmed (there is an order) or voided (the
 * charge, if there was one, is given back); whoever changes its state first wins.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.sql(`
    CREATE TABLE checkouts (
      reservation_id text PRIMARY KEY,
      event_id       integer NOT NULL,
      quantity       integer NOT NULL,
      total_cents    integer NOT NULL,
      state          text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'voiding', 'voided')),
      payment_ref    text,
      charge_before  timestamptz NOT NULL,
      expires_at     timestamptz NOT NULL,
      void_at        timestamptz,
      opened_at      timestamptz NOT NULL DEFAULT now(),
      closed_at      timestamptz
    );
    CREATE INDEX checkouts_open ON checkouts (expires_at) WHERE state = 'open';
    CREATE INDEX checkouts_voiding ON checkouts (void_at) WHERE state = 'voiding';

    -- One atomic step: the checkout is closed, the seats are checked against the locked event, the order is inserted.
    -- Repeating it answers the same order. sold_out: the charge has to be given back, the checkout says so already.
    CREATE FUNCTION confirm_checkout(reservation text, reference text)
      RETURNS TABLE (outcome text, event_id integer, quantity integer, total_cents integer, sold integer)
      LANGUAGE plpgsql AS $$
    DECLARE
      checkout checkouts;
    BEGIN
      UPDATE checkouts SET state = 'confirmed', payment_ref = reference, closed_at = now()
        WHERE reservation_id = reservation AND state = 'open' RETURNING * INTO checkout;
      IF NOT FOUND THEN
        RETURN QUERY SELECT 'confirmed', o.event_id, o.quantity, o.total_cents, e.sold
          FROM orders o JOIN events e ON e.id = o.event_id WHERE o.id = reservation;
        IF NOT FOUND THEN
          RETURN QUERY SELECT CASE c.state WHEN 'confirmed' THEN 'unknown' ELSE c.state END, c.event_id, c.quantity, c.total_cents, 0
            FROM checkouts c WHERE c.reservation_id = reservation;
        END IF;
        RETURN;
      END IF;

      PERFORM FROM events e
        WHERE e.id = checkout.event_id AND e.sold + checkout.quantity <= e.total_tickets FOR NO KEY UPDATE;
      IF NOT FOUND THEN
        UPDATE checkouts SET state = 'voiding', void_at = now(), closed_at = NULL WHERE reservation_id = reservation;
        RETURN QUERY SELECT 'sold_out', checkout.event_id, checkout.quantity, checkout.total_cents, 0;
        RETURN;
      END IF;

      INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref)
        VALUES (reservation, checkout.event_id, checkout.quantity, checkout.total_cents, reference);
      RETURN QUERY SELECT 'ordered', checkout.event_id, checkout.quantity, checkout.total_cents, e.sold
        FROM events e WHERE e.id = checkout.event_id;
    END $$;
  `)
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql('DROP FUNCTION confirm_checkout; DROP TABLE checkouts;')
}
