import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * A checkout is confirmed by its key and by nothing else. A session keeps the plan of a function's statement, and chose
 * one while the tables were small or nearly all checkouts closed: it read all rows, or all open checkouts, for each
 * order, and most of them after an outage of payments, when there are thousands.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.sql(confirmCheckout({ isOpen: `state || '' = 'open'`, settings: 'SET enable_seqscan = off' }))
}

export function down(pgm: MigrationBuilder): void {
  pgm.sql(confirmCheckout({ isOpen: `state = 'open'`, settings: '' }))
}

/** @param isOpen a condition that is no index's own keeps the planner from that index */
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
