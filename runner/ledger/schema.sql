-- The ledger of one brood run. Times are UTC, "2006-01-02T15:04:05.000Z".
-- A record is known by seq, its position in the dataset from 0.
--
-- Views to begin with: summary, failures, unknowns, waiting, history, crashes,
-- quarantine, decisions.

-- One row: the run itself.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    name        TEXT NOT NULL,
    job         TEXT NOT NULL,
    effect      TEXT NOT NULL,           -- none, keyed, once
    config      TEXT NOT NULL,           -- JSON: all that a resume needs
    state       TEXT NOT NULL,           -- running, interrupted, done, aborted
    reason      TEXT NOT NULL DEFAULT '',-- why it was interrupted or aborted
    started_at  TEXT NOT NULL,
    finished_at TEXT,                    -- of the last session; NULL while one runs
    input       INTEGER NOT NULL DEFAULT 0,  -- records read so far
    input_done  INTEGER NOT NULL DEFAULT 0,  -- 1 when the end of the dataset was seen
    ok          INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    unknown     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One row for each time brood worked on the run. Its number is the epoch of
-- what it did.
CREATE TABLE sessions (
    session    INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    ended_at   TEXT,                     -- NULL: it is at work, or was killed
    version    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    host       TEXT NOT NULL,
    boot_id    TEXT NOT NULL,
    slots      INTEGER NOT NULL,         -- places for workers
    ended_as   TEXT,                     -- done, interrupted, aborted
    clean      INTEGER NOT NULL DEFAULT 0, -- 1: all that it knew is in the ledger
    workers    INTEGER,                  -- how many processes worked
    cpu_ms     INTEGER,                  -- what they used, by wait4
    max_rss    INTEGER                   -- bytes, of the largest; 0: not known
) STRICT;

-- Who works on the run now; no row when nobody does, or says so. The lock in the
-- run directory is what counts on one machine; this is for others that share
-- the directory.
CREATE TABLE owner (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    session INTEGER NOT NULL,
    host    TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid     INTEGER NOT NULL,
    beat_at TEXT NOT NULL                -- the last sign of life
) STRICT;

-- The files of the dataset as they were when the run began, or when rows that had been added
-- were last taken.
CREATE TABLE inputs (
    file  INTEGER PRIMARY KEY,           -- position on the command line, from 0
    path  TEXT NOT NULL,                 -- absolute; "-" is standard input, kept as stdin.data
    size  INTEGER,
    mtime TEXT,
    hash  TEXT,                          -- SHA-256 of the content, or of samples of it
    whole INTEGER                        -- 1: the hash covers everything
) STRICT;

-- The result file, which is output 0, and how much of it is true; and the joblog, 1, if
-- there is one. What it holds beyond that was
-- written after the last commit and is cut off by a resume.
CREATE TABLE outputs (
    output   INTEGER PRIMARY KEY,
    path     TEXT NOT NULL,              -- absolute; "-" is standard output
    format   TEXT NOT NULL,              -- text, csv, tsv, jsonl, joblog
    bytes    INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,           -- all records before it are in the file; ordered output only
    amended  TEXT                        -- a complete new version of the file, that only has to be
                                         -- renamed to path; NULL: there is none
) STRICT;

-- How far this file goes. ledger.seal says it as well, so that a ledger that has lost
-- something is noticed.
CREATE TABLE progress (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    run        BLOB NOT NULL,            -- 16 bytes, the run's identity
    number     INTEGER NOT NULL,         -- of the last transaction, from 1
    issued     INTEGER NOT NULL,         -- all records that may have been sent out are before it
    output_sum INTEGER,                  -- CRC-32C of the output up to outputs.bytes; NULL: not known
    spool      INTEGER NOT NULL,         -- bytes of the copy of standard input that are on the disk
    spool_sum  INTEGER,                  -- CRC-32C of them; NULL: not known
    acked      BLOB                      -- for each slot, 8 bytes, little-endian: the last of its notes
                                         -- that is settled here; NULL: there are none
) STRICT;

-- What was about to be done: a row for records that follow one another. It is
-- durable before any of them leaves brood. Only where repeating a record costs
-- something, that is, unless the run's effect is none. An intent without an
-- outcome, in the last epoch, is a record that may have been worked on.
CREATE TABLE intents (
    id        INTEGER PRIMARY KEY,
    epoch     INTEGER NOT NULL,          -- the session
    at        TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,          -- which try, from 1
    keys      BLOB                       -- 16 bytes for each record, its idempotency key;
                                         -- NULL: without --key it follows from seq
) STRICT;
CREATE INDEX intents_by_seq ON intents (first_seq);

-- Records that an interrupted session had sent out, taken over by the next one
-- and not settled yet.
CREATE TABLE notes (
    seq      INTEGER PRIMARY KEY,
    attempt  INTEGER NOT NULL,
    kind     TEXT NOT NULL,              -- answer: the worker has left the job's answer;
                                         -- loss: its worker died with it in hand;
                                         -- unknown: it may or may not have been done
    payload  BLOB,                       -- as in worker/wire; of an unknown, why
    first_at TEXT NOT NULL               -- when it may first have been sent out
) STRICT;

-- Success, compactly: one row for 65,536 records in a row.
CREATE TABLE chunks (
    chunk  INTEGER PRIMARY KEY,          -- holds seq chunk*65536 and up
    file   INTEGER NOT NULL,             -- where its first record begins:
    offset INTEGER NOT NULL,             --   byte, after decompression
    line   INTEGER NOT NULL,             --   line, from 1
    closed INTEGER NOT NULL,             -- 1: all its records are final
    ok     INTEGER NOT NULL,             -- how many are ok
    bits   BLOB                          -- bit i, lowest first: record i is ok; NULL: all are
) STRICT;

-- Records that ended otherwise than ok.
CREATE TABLE outcomes (
    seq         INTEGER PRIMARY KEY,
    status      TEXT NOT NULL,           -- failed, skipped, unknown
    class       TEXT NOT NULL,
    error       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,        -- tries that were answered or blamed
    crashes     INTEGER NOT NULL,        -- worker deaths with it in hand
    file        INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    offset      INTEGER NOT NULL,
    finished_at TEXT NOT NULL
) STRICT;

-- Tries worth remembering: those that did not succeed, and the ones that
-- followed them.
CREATE TABLE attempts (
    id      INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at      TEXT NOT NULL,               -- when it ended
    verdict TEXT NOT NULL,               -- the job's: ok, retry, failed, skipped, throttle, abort,
                                         -- unknown; or why there was none: crash, timeout, memory,
                                         -- cpu, processes, killed (the run was stopped at once),
                                         -- interrupted (brood or the machine went down)
    class   TEXT NOT NULL,
    error   TEXT NOT NULL,
    ms      INTEGER NOT NULL,
    slot    INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_seq ON attempts (seq);

-- Records that wait for another try.
CREATE TABLE retries (
    seq      INTEGER PRIMARY KEY,
    attempts INTEGER NOT NULL,           -- tries so far
    crashes  INTEGER NOT NULL,
    due_at   TEXT NOT NULL,
    first_at TEXT NOT NULL,              -- when it may first have been sent out
    intent   INTEGER NOT NULL            -- the last intent when its last try was answered
) STRICT;

-- Results that are final and cannot be written yet, as an earlier record is
-- not final: the bytes for the output, for count records from first_seq.
CREATE TABLE held (
    first_seq INTEGER PRIMARY KEY,
    count     INTEGER NOT NULL,
    bytes     BLOB NOT NULL
) STRICT;

-- What was decided about records that are unknown or failed, by people or by a program
-- they named.
CREATE TABLE resolutions (
    id       INTEGER PRIMARY KEY,
    seq      INTEGER NOT NULL,
    at       TEXT NOT NULL,
    by       TEXT NOT NULL,              -- user@host, or the command of --resolve-with
    decision TEXT NOT NULL,              -- ok, failed, retry
    reason   TEXT NOT NULL,
    was      TEXT NOT NULL               -- the error it had until then
) STRICT;
CREATE INDEX resolutions_by_seq ON resolutions (seq);

-- How many records were started on the last day that --quota counts.
CREATE TABLE quota (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    day  TEXT NOT NULL,                  -- 2006-01-02, local time
    used INTEGER NOT NULL
) STRICT;

-- Keys of --once-per that records had which certainly had no effect: they are
-- to be given back to the scope, and the row goes when they are.
CREATE TABLE freed (
    key TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Records whose row in the output has to be replaced, as something was decided
-- about them since it was written. The rows are put in when the run is done.
CREATE TABLE amendments (
    seq      INTEGER PRIMARY KEY,
    decision TEXT NOT NULL,              -- ok, failed: only the status changes; retry
    reason   TEXT NOT NULL,
    bytes    BLOB                        -- of a retry: the new row; NULL: not known yet. Of others: columns
                                         -- that the row has from now on, as a JSON object; NULL: none
) STRICT;

-- Workers that died when they should not have.
CREATE TABLE deaths (
    id        INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    slot      INTEGER NOT NULL,
    pid       INTEGER NOT NULL,
    how       TEXT NOT NULL,             -- "signal: killed", "exit status 2", "timeout"
    seq       INTEGER,                   -- the record in hand; NULL: none was
    cpu_ms    INTEGER NOT NULL,
    max_rss   INTEGER NOT NULL,          -- bytes; 0: not known, as less than brood had when it started it
    said      TEXT NOT NULL              -- the last of its standard error
) STRICT;

-- What has happened in stretches of the sessions: a second long at first, later ten, a minute, ten minutes.
-- For brood report; nothing else goes by it.
CREATE TABLE course (
    id        INTEGER PRIMARY KEY,
    session   INTEGER NOT NULL,
    at        TEXT NOT NULL,             -- when it began
    ms        INTEGER NOT NULL,          -- how long it was
    ok        INTEGER NOT NULL,          -- records that became final in it
    failed    INTEGER NOT NULL,
    skipped   INTEGER NOT NULL,
    unknown   INTEGER NOT NULL,
    again     INTEGER NOT NULL,          -- tries that were followed by another
    throttled INTEGER NOT NULL,          -- of these, as the far side asked to go slower
    busy_ms   INTEGER NOT NULL,          -- what its tries took, all together
    commits   INTEGER NOT NULL,
    commit_ms INTEGER NOT NULL,
    waits     TEXT NOT NULL,             -- JSON: what held the run up for how many ms
    took      BLOB NOT NULL              -- how many tries took how long: pairs of varints, the
                                         -- distance of a size to the one before, and how many. Size 0
                                         -- is below 64 us; then eight for each doubling
) STRICT;

CREATE VIEW summary AS
    SELECT name, job, state, input, ok, failed, skipped, unknown,
           input - ok - failed - skipped - unknown AS pending,
           started_at, finished_at
    FROM run;
CREATE VIEW failures AS
    SELECT o.seq, i.path || ':' || o.line AS place, o.class, o.error, o.attempts, o.crashes, o.finished_at
    FROM outcomes o LEFT JOIN inputs i USING (file) WHERE o.status = 'failed' ORDER BY o.seq;
CREATE VIEW unknowns AS
    SELECT o.seq, i.path || ':' || o.line AS place, o.class, o.error, o.attempts, o.crashes, o.finished_at
    FROM outcomes o LEFT JOIN inputs i USING (file) WHERE o.status = 'unknown' ORDER BY o.seq;
CREATE VIEW waiting AS
    SELECT seq, attempts, crashes, due_at FROM retries ORDER BY due_at;
CREATE VIEW history AS
    SELECT seq, attempt, at, verdict, class, error, ms, slot FROM attempts ORDER BY seq, id;
CREATE VIEW quarantine AS
    SELECT o.seq, i.path || ':' || o.line AS place, o.status, o.crashes, o.error, o.finished_at
    FROM outcomes o LEFT JOIN inputs i USING (file)
    WHERE o.crashes > 0 AND o.class IN ('crash', 'timeout') ORDER BY o.seq;
CREATE VIEW decisions AS
    SELECT seq, at, by, decision, reason, was FROM resolutions ORDER BY id;
CREATE VIEW crashes AS
    SELECT at, slot, pid, how, seq, cpu_ms, max_rss, said FROM deaths ORDER BY id;
