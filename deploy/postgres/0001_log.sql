-- The log: append-only, gapless, in commit order, hash-chained.
--
-- Who writes: nobody directly. log.append() is the only way in; it holds the one row of log.head until the caller's
-- transaction ends, so positions are assigned in commit order and a rolled-back append leaves no gap.

CREATE SCHEMA log;
REVOKE ALL ON SCHEMA log FROM PUBLIC;

CREATE TABLE log.events (
    position    bigint      PRIMARY KEY,
    id          uuid        NOT NULL,
    type        text        NOT NULL,
    slot        smallint    NOT NULL,
    tenant_id   uuid        NOT NULL,
    client_id   uuid,
    batch_id    uuid,
    item_id     uuid,
    entity_id   uuid,
    occurred_at timestamptz NOT NULL,
    body        text        NOT NULL,  -- the event's exact JSON, as the stream carries it
    chain       bytea       NOT NULL   -- sha256(chain of position - 1 || body)
) WITH (toast_tuple_target = 8160);   -- an event of up to a page stays whole and uncompressed
CREATE UNIQUE INDEX events_id ON log.events (id);
CREATE INDEX events_item ON log.events (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX events_entity ON log.events (entity_id) WHERE entity_id IS NOT NULL;
CREATE INDEX events_batch ON log.events (batch_id) WHERE item_id IS NULL AND batch_id IS NOT NULL;
CREATE INDEX events_dead_letters ON log.events (position) WHERE type = 'EventDeadLettered';

-- The last position and its chain value: one row, the lock that orders all appends.
CREATE TABLE log.head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint  NOT NULL,
    chain    bytea   NOT NULL
);
INSERT INTO log.head (position, chain) VALUES (0, '\x');

-- Which role may write which event types. Provisioning fills it from the event catalogue.
CREATE TABLE log.writer (
    role name NOT NULL,
    type text NOT NULL,
    PRIMARY KEY (role, type)
);

-- One link of the chain: what position n adds to the value at n - 1.
CREATE FUNCTION log.link(chain bytea, first bytea, body text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT sha256(coalesce(chain, first) || convert_to(body, 'UTF8')) $$;
CREATE AGGREGATE log.chain(first bytea, body text) (sfunc = log.link, stype = bytea);

-- Append events, given as a JSON array of {id, type, slot, tenant_id, ..., body}, where body is the event itself and
-- is kept as it is written, to the byte; returns the position of the last
-- event in the log. An event whose id the log has already is left out, so a repeated call changes nothing.
CREATE FUNCTION log.append(events json) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, log, pg_temp
-- A plan made while the log was small would scan all of it for ever after: only look-ups by index will do.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    head  log.head;
    wrong text;
    added bigint;
BEGIN
    SELECT * INTO head FROM log.head FOR UPDATE;

    INSERT INTO log.events
    SELECT head.position + row_number() OVER (ORDER BY e.ordinality),
           e.id, e.type, e.slot, e.tenant_id, e.client_id, e.batch_id, e.item_id, e.entity_id, e.occurred_at, e.body::text,
           log.chain(head.chain, e.body::text) OVER (ORDER BY e.ordinality)
    FROM ROWS FROM (json_to_recordset(events) AS (
        id uuid, type text, slot smallint, tenant_id uuid, client_id uuid, batch_id uuid, item_id uuid,
        entity_id uuid, occurred_at timestamptz, body json)) WITH ORDINALITY AS e
    WHERE NOT EXISTS (SELECT FROM log.events known WHERE known.id = e.id);
    GET DIAGNOSTICS added = ROW_COUNT;

    SELECT e.type INTO wrong FROM log.events e
    WHERE e.position > head.position
      AND NOT EXISTS (SELECT FROM log.writer w WHERE w.role = session_user AND w.type = e.type)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'role % may not write event type %', session_user, wrong
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'log.writer lists who may write what; leadstream provision fills it from the event catalogue.';
    END IF;

    IF added > 0 THEN
        UPDATE log.head h SET position = e.position, chain = e.chain
        FROM log.events e WHERE e.position = head.position + added;
        PERFORM pg_notify('log', (head.position + added)::text);
    END IF;
    RETURN head.position + added;
END $$;

-- Fail the transaction with this SQLSTATE unless the condition holds.
CREATE FUNCTION log.insist(condition boolean, code text, message text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT condition THEN
        RAISE EXCEPTION '%', message USING ERRCODE = code;
    END IF;
END $$;

-- Nobody changes or removes an event, the owner included.
CREATE FUNCTION log.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on log.events is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events EXECUTE FUNCTION log.refuse();

REVOKE ALL ON FUNCTION log.append FROM PUBLIC;

-- Services read the whole log; the roles that API queries run as see one tenant (policies are made in provisioning).
ALTER TABLE log.events ENABLE ROW LEVEL SECURITY;
