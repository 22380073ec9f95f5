-- The history of a batch with its items: what events_batch leaves out, in the log's order.
CREATE INDEX events_batch_items ON log.events (batch_id, position) WHERE item_id IS NOT NULL AND batch_id IS NOT NULL;
