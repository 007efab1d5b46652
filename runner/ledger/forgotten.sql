-- What a ledger has besides schema.sql since records of the run were first forgotten, by brood forget.

-- Records whose personal data was taken out of all that brood keeps of the run.
CREATE TABLE IF NOT EXISTS forgotten (
    id     INTEGER PRIMARY KEY,
    seq    INTEGER NOT NULL UNIQUE,
    at     TEXT NOT NULL,
    by     TEXT NOT NULL,                -- user@host
    reason TEXT NOT NULL,
    row    BLOB NOT NULL,                -- SHA-256 of its rows in the results as they are since; empty: it has none there
    link   BLOB NOT NULL                 -- SHA-256 of the link before it and of all the columns above, see Forgotten.Link
) STRICT;

-- What is left to do of a forgetting that counts: files of which a new version is whole and only has to get
-- its name, or that are to go. No row: nothing.
CREATE TABLE IF NOT EXISTS forgetting (
    path    TEXT PRIMARY KEY,            -- absolute; empty: the job has something left to do
    version TEXT NOT NULL                -- where the new version is; empty: the file goes
) STRICT;
