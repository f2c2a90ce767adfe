import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * A checkout is found by its key, whatever a session planned. The plans of a function's statements are kept: one made
 * while the tables were small reads all rows for each order, one made while hardly any checkout was open reads all open
 * ones, and after an outage of payments these are thousands. Apart from that the function is the one of 0003, whose text
 * stands here again because a change that was applied is not edited.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.sql(confirmCheckout({ isOpen: `state || '' = 'open'`, settings: 'SET enable_seqscan = off' }))
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(confirmCheckout({ isOpen: `state = 'open'`, settings: '' }))
}

/** @param isOpen in other words than those of the index on open checkouts, it keeps the planner from that index */
function confirmCheckout({ isOpen, settings }: { isOpen: string; settings: string }): string {
  return `
    CREATE OR REPLACE FUNCTION confirm_checkout(reservation text, reference text)
      RETURNS TABLE (outcome text, event_id integer, quantity integer, total_cents integer, sold integer)
      LANGUAGE plpgsql ${settings} AS $$
    DECLARE
      checkout checkouts;
    BEGIN
      UPDATE checkouts SET state = 'confirmed', payment_ref = reference, closed_at = now()
        WHERE reservation_id = reservation AND ${isOpen} RETURNING * INTO checkout;
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
  `
}
