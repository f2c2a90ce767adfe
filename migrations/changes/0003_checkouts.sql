-- A checkout is the intent to pay, written before money moves. It ends confirmed (there is an order) or voided (a charge is given
-- back); the first change of its state is final. confirm_order() writes the work that an order causes to the outbox in the same
-- transaction: its hold is ended, it is counted and notified of at least once, also when the answer to COMMIT is lost.

-- Up Migration

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
  -- whether payments charged it, as far as events knows
  charged        boolean,
  void_reason    text,
  opened_at      timestamptz NOT NULL DEFAULT now(),
  closed_at      timestamptz
);
CREATE INDEX checkouts_open ON checkouts (expires_at) WHERE state = 'open';
CREATE INDEX checkouts_voiding ON checkouts (void_at) WHERE state = 'voiding';

CREATE TABLE outbox (
  topic    text NOT NULL CHECK (topic IN ('hold', 'count', 'notify')),
  order_id text NOT NULL,
  due_at   timestamptz NOT NULL,
  PRIMARY KEY (topic, order_id)
);
CREATE INDEX outbox_due ON outbox (topic, due_at);

-- An order has at most ten tickets, so its total fits an integer.
ALTER TABLE events ADD CONSTRAINT events_price_in_range CHECK (price_cents BETWEEN 0 AND 214748364) NOT VALID;

-- One atomic step: lock the event, check the time and the seats, close the checkout, insert the order and its outbox rows.
-- A repeated call answers the same order. After `expired` or `sold_out` the checkout is voiding: the charge must be given back.
-- enable_seqscan is off because a session keeps the plan of a function's statements: a plan made while the tables were small
-- would scan all checkouts for each order. See services/events/test/plans.test.ts.
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
  -- clock_timestamp(), not now(): the transaction may have waited for the lock since it began.
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

-- Down Migration

DROP FUNCTION confirm_order;
ALTER TABLE events DROP CONSTRAINT events_price_in_range;
DROP TABLE outbox;
DROP TABLE checkouts;
