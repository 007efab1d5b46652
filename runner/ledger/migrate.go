package ledger

import (
	"context"
	"fmt"
)

// oldVersion is the version of the schema that can be brought up to date.
const oldVersion = 2

// versionThree is what has come with version 3. The count of transactions begins there, so
// that the seal, which such a ledger has not, is made.
const versionThree = `
CREATE TABLE progress (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    run        BLOB NOT NULL,
    number     INTEGER NOT NULL,
    issued     INTEGER NOT NULL,
    output_sum INTEGER,
    spool      INTEGER NOT NULL,
    spool_sum  INTEGER,
    acked      BLOB
) STRICT;
INSERT INTO progress SELECT 1, randomblob(16), 0, ifnull((SELECT max(first_seq + count) FROM intents), 0), NULL, 0, NULL, NULL;
PRAGMA user_version = 3;
`

// migrate brings a ledger of an older version up to date, in one transaction.
func (l *Ledger) migrate(ctx context.Context) error {
	if checkVersion(ctx, l.db, oldVersion) != nil {
		return nil
	}
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, versionThree); err != nil {
		return fmt.Errorf("bring the ledger up to date: %w", err)
	}
	l.old = true
	return tx.Commit()
}
