-- The keys of a scope: what no run of that scope does a second time.
CREATE TABLE keys (
    key   TEXT PRIMARY KEY,      -- the business key, its values as a row of CSV
    run   TEXT NOT NULL,         -- the run that has it, by name
    began TEXT NOT NULL,         --   and by the time it began
    seq   INTEGER NOT NULL,      -- the record of that run
    line  INTEGER NOT NULL,      --   and the line it stands on
    at    TEXT NOT NULL          -- when it was taken
) STRICT, WITHOUT ROWID;

-- How many transactions there were. The seal beside the file says it as well, so that a
-- file that has lost its newest part is noticed.
CREATE TABLE progress (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0);
