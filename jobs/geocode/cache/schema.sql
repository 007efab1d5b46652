-- The cache of geocoding, version 1. Times are seconds since 1970, UTC.
CREATE TABLE answers (
	id       INTEGER PRIMARY KEY,
	key      BLOB NOT NULL UNIQUE, -- 16 bytes, see Key.hash
	provider TEXT NOT NULL,
	base     TEXT NOT NULL, -- URL of the provider, without what may be a secret
	query    TEXT NOT NULL, -- what was asked, to be read by people
	outcome  TEXT NOT NULL, -- found, nothing
	form     TEXT NOT NULL, -- of the answer: plain, zstd
	answer   BLOB NOT NULL,
	at       INTEGER NOT NULL, -- when it was given
	expires  INTEGER           -- from when on it does not count; NULL: never
) STRICT;
-- What is to be thrown away is found without reading all of it.
CREATE INDEX answers_expires ON answers (expires) WHERE expires IS NOT NULL;
