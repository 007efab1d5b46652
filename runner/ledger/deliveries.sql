-- What the ledger of a run has that works off a queue.

-- A delivery that is final, and the answer that the queue is owed for it.
CREATE TABLE IF NOT EXISTS deliveries (
    seq      INTEGER PRIMARY KEY,
    known    TEXT NOT NULL,              -- by what it is told from others: the key, or the queue's id
    sum      INTEGER NOT NULL,           -- of its body, which an id means nothing without
    id       TEXT NOT NULL,              -- what the queue calls it
    token    TEXT NOT NULL,              -- what the queue wants to hear besides
    tries    INTEGER NOT NULL,           -- with those of earlier deliveries
    verb     TEXT NOT NULL,              -- done, failed, later, park
    after_ms INTEGER NOT NULL,           -- of later
    status   TEXT NOT NULL,
    error    TEXT NOT NULL,
    result   BLOB,                       -- a JSON object, where the queue takes one
    answered TEXT NOT NULL,              -- owed; confirmed; lost: it was another's by then; gone: the queue had it no more
    at       INTEGER NOT NULL            -- when it was final, Unix seconds
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_by_known ON deliveries (known);
CREATE INDEX IF NOT EXISTS deliveries_owed ON deliveries (seq) WHERE answered = 'owed';

-- How many records, from the first on, are settled and were let go of, with all that was known of each but whether it was ok.
CREATE TABLE IF NOT EXISTS bygone (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    records INTEGER NOT NULL,            -- all before this seq
    offset  INTEGER NOT NULL,            -- where in stdin.data the first begins that is there
    failed  INTEGER NOT NULL,            -- of these records
    skipped INTEGER NOT NULL,
    unknown INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO bygone VALUES (1, 0, 0, 0, 0, 0);

-- What became of the records of a day, local time, by when they were final.
CREATE TABLE IF NOT EXISTS days (
    day      TEXT PRIMARY KEY,           -- 2006-01-02
    input    INTEGER NOT NULL,
    ok       INTEGER NOT NULL,
    failed   INTEGER NOT NULL,
    skipped  INTEGER NOT NULL,
    unknown  INTEGER NOT NULL,
    released INTEGER NOT NULL,           -- of the skipped, those that were given back to be tried again later
    again    INTEGER NOT NULL            -- of the skipped, those that were known, and only answered again
) STRICT, WITHOUT ROWID;

-- The highest of the known that are numbers, as those of most queues are: a job with a higher number has no delivery here, and need not
-- be looked for.
CREATE TABLE IF NOT EXISTS highest (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    known   INTEGER NOT NULL,
    session INTEGER NOT NULL             -- the last that has kept it; what one after it has added is of an older brood, and not counted
) STRICT;
INSERT OR IGNORE INTO highest VALUES (1, -1, -2);
UPDATE highest SET known = (SELECT ifnull(max(CAST(known AS INTEGER)), -1) FROM deliveries WHERE length(known) <= 18 AND known <> '' AND known NOT GLOB '*[^0-9]*')
    WHERE session < (SELECT ifnull(max(session), 0) FROM sessions) - 1;
UPDATE highest SET session = (SELECT ifnull(max(session), 0) FROM sessions);
