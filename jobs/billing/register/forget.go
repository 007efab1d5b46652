package register

import (
	"brood/jobs"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// forgottenTable is there from when it is needed.
const forgottenTable = `
-- Charges whose data was taken out of the results, the plan and here. What was and what is are digests of the row in the
-- results, see the chain of a run; they are chained in the order in which they were forgotten, from the plan's hash on.
CREATE TABLE IF NOT EXISTS forgotten (
    account TEXT NOT NULL,
    mode    TEXT NOT NULL,
    plan    TEXT NOT NULL,
    n       INTEGER NOT NULL,            -- which of the plan, from 1
    seq     INTEGER NOT NULL,
    at      TEXT NOT NULL,
    was     TEXT NOT NULL,
    now     TEXT NOT NULL,
    link    TEXT NOT NULL,               -- SHA-256 of the link before it and of what is above
    PRIMARY KEY (account, mode, plan, seq)
) STRICT, WITHOUT ROWID;`

// Forgotten is a charge that was forgotten.
type Forgotten struct {
	Seq jobs.Seq
	At  time.Time // in milliseconds
	// Was and Now are the digests of its row in the results before and since, in hexadecimal.
	Was, Now string
	// Fingerprint is that of the charge as it is since.
	Fingerprint string
}

func (f *Forgotten) follows(link string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s %s", link, uint64(f.Seq), stamp(f.At), f.Was, f.Now))
	return hex.EncodeToString(sum[:])
}

// Forget keeps that charges of a plan were forgotten, those that are not yet, and takes out what the register has of them besides numbers,
// amounts and statuses: no byte of it is left in the file.
func (r *Register) Forget(ctx context.Context, o Owner, plan string, list []Forgotten, reason string) error {
	if _, err := r.db.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return r.wrap(err)
	}
	err := r.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, forgottenTable); err != nil {
			return err
		}
		n, link, err := lastForgotten(ctx, tx, o, plan)
		if err != nil {
			return err
		}
		for i := range list {
			f := &list[i]
			res, err := tx.ExecContext(ctx, `INSERT INTO forgotten VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				o.Account, o.Mode, plan, n+1, uint64(f.Seq), stamp(f.At), f.Was, f.Now, f.follows(link))
			if err != nil {
				return err
			}
			if fresh, err := res.RowsAffected(); err != nil || fresh == 0 {
				if err != nil {
					return err
				}
				continue
			}
			n, link = n+1, f.follows(link)
			if _, err := tx.ExecContext(ctx, `UPDATE charges SET fingerprint = ? WHERE account = ? AND mode = ? AND plan = ? AND seq = ?`, f.Fingerprint, o.Account, o.Mode, plan, uint64(f.Seq)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE voids SET reason = ? WHERE account = ?2 AND mode = ?3 AND number = (SELECT number FROM charges WHERE account = ?2 AND mode = ?3 AND plan = ? AND seq = ?)`,
				reason, o.Account, o.Mode, plan, uint64(f.Seq)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, q := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} { // what was removed long before goes as well
		if _, err := r.db.ExecContext(ctx, q); err != nil {
			return r.wrap(err)
		}
	}
	return nil
}

// lastForgotten is how many of a plan were forgotten, and the link of the last.
func lastForgotten(ctx context.Context, tx *sql.Tx, o Owner, plan string) (n int, link string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT n, link FROM forgotten WHERE account = ? AND mode = ? AND plan = ? ORDER BY n DESC LIMIT 1`, o.Account, o.Mode, plan).Scan(&n, &link)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, plan, nil
	}
	return n, link, err
}

// OpenRefunds counts the refunds of a charge of a plan of which nobody knows yet what becomes of them.
func (r *Register) OpenRefunds(ctx context.Context, o Owner, plan string, seq jobs.Seq) (n int, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT count(*) FROM refunds f JOIN charges c ON c.id = f.charge
		WHERE c.account = ? AND c.mode = ? AND c.plan = ? AND c.seq = ? AND f.open = 1 AND f.status NOT IN ('succeeded', 'refunded')`, o.Account, o.Mode, plan, uint64(seq)).Scan(&n)
	return n, r.wrap(err)
}

// errForgotten says that somebody has altered what was forgotten.
var errForgotten = errors.New("what it says of forgotten charges is not what was written: something has altered it")

// ForgottenOf reads the charges of a plan that were forgotten, in that order.
func (r *Register) ForgottenOf(ctx context.Context, o Owner, plan string) (out []Forgotten, err error) {
	var there int
	if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'forgotten'`).Scan(&there); err != nil || there == 0 {
		return nil, r.wrap(err)
	}
	rows, err := r.db.QueryContext(ctx, `SELECT n, seq, at, was, now, link FROM forgotten WHERE account = ? AND mode = ? AND plan = ? ORDER BY n`, o.Account, o.Mode, plan)
	if err != nil {
		return nil, r.wrap(err)
	}
	defer rows.Close() //nolint:errcheck // of a read
	before := plan
	for rows.Next() {
		var f Forgotten
		var n int
		var seq uint64
		var at, link string
		if err := rows.Scan(&n, &seq, &at, &f.Was, &f.Now, &link); err != nil {
			return nil, r.wrap(err)
		}
		f.Seq = jobs.Seq(seq)
		if f.At, err = time.Parse(timeFormat, at); err != nil || n != len(out)+1 || link != f.follows(before) {
			return nil, r.wrap(errors.Join(errForgotten, err))
		}
		before = link
		out = append(out, f)
	}
	return out, r.wrap(rows.Err())
}
