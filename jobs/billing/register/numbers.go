package register

import (
	"brood/jobs/billing/charge"
	"context"
	"database/sql"
	"errors"
	"time"
)

// tellNumbers tells the numbers of a plan that its run has taken before.
func tellNumbers(ctx context.Context, tx *sql.Tx, p *Plan) error {
	if p.Numbered == nil {
		return nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT fingerprint, ifnull(number, '') FROM charges WHERE account = ? AND mode = ? AND plan = ? ORDER BY seq`, p.Account, p.Mode, p.Hash)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // of a read
	for rows.Next() {
		var sum, number string
		if err := rows.Scan(&sum, &number); err != nil {
			return err
		}
		if err := p.Numbered(sum, number); err != nil {
			return err
		}
	}
	return rows.Err()
}

// number gives a charge the next number of its series; "": it gets none.
func (t *taking) number(ctx context.Context, c *charge.Charge) (string, error) {
	if t.p.Number == nil {
		return "", nil
	}
	series, first := t.p.Number(c)
	if series == "" {
		return "", nil
	}
	n, known := t.next[series]
	if !known {
		err := t.tx.QueryRowContext(ctx, `SELECT next FROM series WHERE account = ? AND mode = ? AND series = ?`, t.p.Account, t.p.Mode, series).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			n, err = max(first, 1), nil
		}
		if err != nil {
			return "", err
		}
	}
	t.next[series] = n + 1
	return t.p.Format(c, n)
}

// Void is a number that no invoice has.
type Void struct{ Number, Invoice, Reason string }

// Voids are the numbers of a plan that are void, in the order of the plan.
func (r *Register) Voids(ctx context.Context, o Owner, plan string) ([]Void, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT v.number, v.invoice, v.reason FROM charges c JOIN voids v ON v.account = c.account AND v.mode = c.mode AND v.number = c.number
		WHERE c.account = ? AND c.mode = ? AND c.plan = ? ORDER BY c.seq`, o.Account, o.Mode, plan)
	if err != nil {
		return nil, r.wrap(err)
	}
	defer rows.Close() //nolint:errcheck // of a read
	var out []Void
	for rows.Next() {
		var v Void
		if err := rows.Scan(&v.Number, &v.Invoice, &v.Reason); err != nil {
			return nil, r.wrap(err)
		}
		out = append(out, v)
	}
	return out, r.wrap(rows.Err())
}

// void keeps that the number of a charge is that of no invoice, if it has one; or that it is used after all, as the
// charge was tried again.
func void(ctx context.Context, tx *sql.Tx, o Owner, plan string, e *Ended, used bool, now time.Time) error {
	var number sql.NullString
	var invoice string
	if err := tx.QueryRowContext(ctx, `SELECT number, invoice FROM charges WHERE account = ? AND mode = ? AND plan = ? AND seq = ?`, o.Account, o.Mode, plan, uint64(e.Seq)).Scan(&number, &invoice); err != nil {
		return err
	}
	if !number.Valid {
		return nil
	}
	if used {
		_, err := tx.ExecContext(ctx, `DELETE FROM voids WHERE account = ? AND mode = ? AND number = ?`, o.Account, o.Mode, number.String)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO voids VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, o.Account, o.Mode, number.String, invoice, e.Reason, stamp(now))
	return err
}
