-- What the billing runs of a user share. Times are UTC, RFC 3339; amounts are in the smallest unit of their currency.

-- Plans that a run has taken: a plan is run once.
CREATE TABLE plans (
    account  TEXT NOT NULL,
    mode     TEXT NOT NULL,              -- live or test
    hash     TEXT NOT NULL,              -- SHA-256 of the plan, in hexadecimal
    scope    TEXT NOT NULL,
    run      TEXT NOT NULL,              -- its name
    identity TEXT NOT NULL,              -- of the run: one that is removed leaves its name to others
    at       TEXT NOT NULL,
    charges  INTEGER NOT NULL,
    done_at  TEXT,                       -- NULL: the run is not done
    chain    TEXT,                       -- the last link of the chain over plan and outcomes, when it was done
    PRIMARY KEY (account, mode, hash)
) STRICT, WITHOUT ROWID;

-- The files that plans were made of.
CREATE TABLE sources (
    account TEXT NOT NULL,
    mode    TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    plan    TEXT NOT NULL,
    PRIMARY KEY (account, mode, sha256, plan)
) STRICT, WITHOUT ROWID;

-- Every charge that a run has taken, from before its first request leaves.
CREATE TABLE charges (
    id          INTEGER PRIMARY KEY,
    account     TEXT NOT NULL,
    mode        TEXT NOT NULL,
    invoice     TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    customer    TEXT NOT NULL,
    period      TEXT,                    -- start/end; NULL: it is for none
    currency    TEXT NOT NULL,
    minor       INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,           -- of what the provider is asked for
    network     TEXT NOT NULL,
    plan        TEXT NOT NULL,
    seq         INTEGER NOT NULL,        -- its position in the plan, from 0
    number      TEXT,                    -- of the invoice, where brood writes it
    status      TEXT NOT NULL,           -- planned, then one of billing_status
    open        INTEGER NOT NULL,        -- 1: money may have moved, or may yet
    provider_id TEXT NOT NULL DEFAULT '',
    code        TEXT NOT NULL DEFAULT '', -- of the decline, or of the return
    advice      TEXT NOT NULL DEFAULT '', -- of the network
    response    TEXT NOT NULL DEFAULT '', -- the issuer's own code
    at          TEXT NOT NULL            -- of the last change
) STRICT;

-- One open or paid charge for each invoice, and for each customer and period: whatever a plan says.
CREATE UNIQUE INDEX one_for_an_invoice ON charges (account, mode, invoice) WHERE open = 1;
CREATE UNIQUE INDEX one_for_a_period ON charges (account, mode, customer, period, kind) WHERE open = 1 AND period IS NOT NULL;
CREATE UNIQUE INDEX one_for_an_attempt ON charges (account, mode, invoice, attempt);
CREATE UNIQUE INDEX place_in_a_plan ON charges (account, mode, plan, seq);

-- What has come later: returns, refunds and disputes of charges.
CREATE TABLE events (
    charge   INTEGER NOT NULL REFERENCES charges (id),
    status   TEXT NOT NULL,
    minor    INTEGER NOT NULL,
    code     TEXT NOT NULL,
    source   TEXT NOT NULL,              -- of whom it was heard
    at       TEXT NOT NULL,
    PRIMARY KEY (charge, status, source)
) STRICT, WITHOUT ROWID;

-- Refunds, each with an id of its own. Those of a charge are never more than it.
CREATE TABLE refunds (
    account     TEXT NOT NULL,
    mode        TEXT NOT NULL,
    refund      TEXT NOT NULL,
    charge      INTEGER NOT NULL REFERENCES charges (id),
    minor       INTEGER NOT NULL,
    run         TEXT NOT NULL,
    identity    TEXT NOT NULL,           -- of the run
    status      TEXT NOT NULL,           -- planned, then succeeded, failed, unknown, ...
    open        INTEGER NOT NULL,        -- 1: it counts
    provider_id TEXT NOT NULL DEFAULT '',
    at          TEXT NOT NULL,
    PRIMARY KEY (account, mode, refund)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_of_a_charge ON refunds (charge);

-- The next number of each series of invoices.
CREATE TABLE series (
    account TEXT NOT NULL,
    mode    TEXT NOT NULL,
    series  TEXT NOT NULL,               -- its form, with the year in it if it has one
    next    INTEGER NOT NULL,
    PRIMARY KEY (account, mode, series)
) STRICT, WITHOUT ROWID;

-- Numbers that no invoice has: they are void, and are said to be.
CREATE TABLE voids (
    account TEXT NOT NULL,
    mode    TEXT NOT NULL,
    number  TEXT NOT NULL,
    invoice TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (account, mode, number)
) STRICT, WITHOUT ROWID;
