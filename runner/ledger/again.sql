-- What a ledger has besides schema.sql since records of it were first seen to be tried
-- again, by brood retry or brood resolve; its version is 4 from then on.

-- How many tries a record had had when it was last seen to be tried again. Those that
-- follow may be as many as those of a new one.
CREATE TABLE IF NOT EXISTS retried (
    seq   INTEGER PRIMARY KEY,
    tries INTEGER NOT NULL
) STRICT;

-- What stands in place of a record of the dataset since somebody has put it right. The last
-- row of a record counts.
CREATE TABLE IF NOT EXISTS corrections (
    id  INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    at  TEXT NOT NULL,
    by  TEXT NOT NULL,                   -- user@host
    was BLOB NOT NULL,                   -- the record until then, without its line end
    row BLOB NOT NULL                    -- and from then on, in the format of the dataset
) STRICT;
