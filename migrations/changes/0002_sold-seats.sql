-- The number of sold seats is stored with the event: reading it costs the same with a million orders, and a CHECK constraint
-- prevents overselling. Triggers keep the number right for every statement that changes orders.

-- Up Migration

-- Purchases lock orders, then events. The opposite order here would deadlock with them.
LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE events ADD COLUMN sold integer NOT NULL DEFAULT 0;
UPDATE events SET sold = bought.seats
  FROM (SELECT event_id, sum(quantity) AS seats FROM orders GROUP BY event_id) AS bought
  WHERE bought.event_id = events.id;
ALTER TABLE events ADD CONSTRAINT events_not_oversold CHECK (sold BETWEEN 0 AND total_tickets);

CREATE FUNCTION count_sold_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE events SET sold = sold - gone.seats
      FROM (SELECT event_id, sum(quantity) AS seats FROM before GROUP BY event_id) AS gone
      WHERE gone.event_id = events.id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    UPDATE events SET sold = sold + bought.seats
      FROM (SELECT event_id, sum(quantity) AS seats FROM after GROUP BY event_id) AS bought
      WHERE bought.event_id = events.id;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION forget_sold_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE events SET sold = 0 WHERE sold <> 0;
  RETURN NULL;
END $$;

CREATE TRIGGER orders_inserted AFTER INSERT ON orders
  REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_sold_seats();
CREATE TRIGGER orders_updated AFTER UPDATE ON orders
  REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_sold_seats();
CREATE TRIGGER orders_deleted AFTER DELETE ON orders
  REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION count_sold_seats();
CREATE TRIGGER orders_truncated AFTER TRUNCATE ON orders
  FOR EACH STATEMENT EXECUTE FUNCTION forget_sold_seats();

-- Down Migration

DROP TRIGGER orders_truncated ON orders;
DROP TRIGGER orders_deleted ON orders;
DROP TRIGGER orders_updated ON orders;
DROP TRIGGER orders_inserted ON orders;
DROP FUNCTION forget_sold_seats;
DROP FUNCTION count_sold_seats;
ALTER TABLE events DROP COLUMN sold;
