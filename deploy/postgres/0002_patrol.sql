-- What the relay's patrol, which compares log and stream piece by piece all the time, has found.

CREATE TABLE log.patrol (
    only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    position   bigint      NOT NULL DEFAULT 0,   -- it goes backwards; the next piece ends here
    rounds     bigint      NOT NULL DEFAULT 0,   -- how often it has gone through all of the log
    checked_at timestamptz,                      -- when it last compared a piece
    damages    jsonb       NOT NULL DEFAULT '[]' -- [{side, first, last, reason}], each until its piece is found sound
);
INSERT INTO log.patrol DEFAULT VALUES;
