-- The first position is 1: a row before it would be no event, and its id would keep one with that id out of the log.
-- Rows that are there already are not looked at here, for which all would wait: `leadstream verify` and `repair` do it.

ALTER TABLE log.events ADD CONSTRAINT events_position CHECK (position > 0) NOT VALID;
