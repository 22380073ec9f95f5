-- What the patrol remembers of each thousand events, so that it can look at all of them again within a minute.

CREATE TABLE log.seal (
    piece bigint PRIMARY KEY,  -- positions piece * 1000 + 1 to (piece + 1) * 1000
    print bigint NOT NULL      -- of every column of every row; events never change, so it never does
);
-- When that piece was looked at which has not been looked at for longest.
ALTER TABLE log.patrol ADD COLUMN oldest_at timestamptz;
