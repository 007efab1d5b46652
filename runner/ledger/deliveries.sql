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

-- The highest of the known that are numbers, as those of most queues are, and the last delivery that this is about: a job with a higher
-- number has no delivery here, and need not be looked for. There is no row where that is not known.
CREATE TABLE IF NOT EXISTS highest (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    known INTEGER NOT NULL,
    seq   INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO highest SELECT 1, -1, -1 WHERE NOT EXISTS (SELECT 1 FROM deliveries);
