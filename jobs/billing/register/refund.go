package register

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"
)

// Refund is money that goes back: a part of a charge, or all of it.
type Refund struct {
	ID         string // its own, unique for the owner
	Invoice    string
	Minor      int64
	Currency   money.Currency
	Run        string
	Identity   string // of the run
	Status     charge.Status
	ProviderID string
}

// TakeRefunds takes refunds for a run, in one transaction. A refund that another run has, or that is more than what is left of its
// charge, is a *RefusedError. Charges are given back by ID, in the order of the refunds, to know whom to ask for what.
func (r *Register) TakeRefunds(ctx context.Context, o Owner, refunds iter.Seq2[*Refund, error], now time.Time) (charges map[string]*Charge, err error) {
	charges = make(map[string]*Charge)
	err = r.tx(ctx, func(tx *sql.Tx) error {
		refused := new(RefusedError)
		for f, err := range refunds {
			if err != nil {
				return err
			}
			c, err := takeRefund(ctx, tx, o, f, refused, now)
			if err != nil {
				return err
			}
			if c != nil {
				charges[f.ID] = c
			}
		}
		if refused.Count > 0 {
			return refused
		}
		return nil
	})
	return charges, err
}

func takeRefund(ctx context.Context, tx *sql.Tx, o Owner, f *Refund, refused *RefusedError, now time.Time) (*Charge, error) {
	c, err := scanCharge(tx.QueryRowContext(ctx, `SELECT `+chargeColumns+` FROM charges c WHERE c.account = ? AND c.mode = ? AND c.invoice = ? AND c.open = 1`, o.Account, o.Mode, f.Invoice))
	if errors.Is(err, sql.ErrNoRows) {
		refused.Add("refund %s: there is no charge of invoice %s that has succeeded", f.ID, f.Invoice)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var run, identity string
	switch err := tx.QueryRowContext(ctx, `SELECT run, identity FROM refunds WHERE account = ? AND mode = ? AND refund = ?`, o.Account, o.Mode, f.ID).Scan(&run, &identity); {
	case err == nil && run == f.Run && identity == f.Identity:
		// One that came to nothing, and that the run may try again, counts again where there is room for it.
		_, err := tx.ExecContext(ctx, `UPDATE refunds SET open = 1 WHERE account = ? AND mode = ? AND refund = ? AND open = 0
			AND minor <= ? - (SELECT ifnull(sum(o.minor), 0) FROM refunds o WHERE o.charge = ? AND o.open = 1)`, o.Account, o.Mode, f.ID, c.Minor, c.ID)
		return c, err
	case err == nil && run == f.Run:
		refused.Add("refund %s was made by a run %s that was removed since: each has an id of its own", f.ID, run)
		return nil, nil
	case err == nil:
		refused.Add("refund %s was made by run %s: each has an id of its own", f.ID, run)
		return nil, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	var before int64
	if err := tx.QueryRowContext(ctx, `SELECT ifnull(sum(minor), 0) FROM refunds WHERE charge = ? AND open = 1`, c.ID).Scan(&before); err != nil {
		return nil, err
	}
	charged := money.Amount{Minor: c.Minor, Currency: money.Currency(c.Currency)}
	asked := money.Amount{Minor: f.Minor, Currency: f.Currency}
	left := money.Amount{Minor: c.Minor - before, Currency: charged.Currency}
	switch {
	case c.Status != charge.Succeeded && c.Status != charge.Refunded:
		refused.Add("refund %s: the charge of invoice %s is %s: there is nothing to give back yet", f.ID, f.Invoice, c.Status)
	case f.Currency != charged.Currency:
		refused.Add("refund %s: %s of a charge in %s", f.ID, asked.WithCode(), charged.Currency)
	case f.Minor <= 0 || f.Minor > left.Minor:
		refused.Add("refund %s: %s, and of invoice %s over %s there are %s left to give back", f.ID, asked.WithCode(), f.Invoice, charged.WithCode(), left.WithCode())
	default:
		_, err := tx.ExecContext(ctx, `INSERT INTO refunds (account, mode, refund, charge, minor, run, identity, status, open, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`,
			o.Account, o.Mode, f.ID, c.ID, f.Minor, f.Run, f.Identity, planned, stamp(now))
		return c, err
	}
	return nil, nil
}

// SettleRefunds keeps how refunds of a run stand. One that failed does not count any more; a charge of which something
// has gone back is refunded.
func (r *Register) SettleRefunds(ctx context.Context, o Owner, refunds iter.Seq2[*Refund, error], now time.Time) error {
	return r.tx(ctx, func(tx *sql.Tx) error {
		for f, err := range refunds {
			if err != nil {
				return err
			}
			counts := f.Status.Open() || f.Status == charge.Refunded
			if _, err := tx.ExecContext(ctx, `UPDATE refunds SET status = ?, open = ?, provider_id = ?, at = ? WHERE account = ? AND mode = ? AND refund = ?`,
				string(f.Status), counts, f.ProviderID, stamp(now), o.Account, o.Mode, f.ID); err != nil {
				return err
			}
			if !counts || f.Status == charge.Unknown {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE charges SET status = ?, at = ? WHERE id = (SELECT charge FROM refunds WHERE account = ? AND mode = ? AND refund = ?) AND status = ?`,
				string(charge.Refunded), stamp(now), o.Account, o.Mode, f.ID, string(charge.Succeeded)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Refunded is how much has gone back, or may have, of the charges of a plan, by their position in it.
func (r *Register) Refunded(ctx context.Context, o Owner, plan string) (map[uint64]int64, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT c.seq, sum(f.minor) FROM charges c JOIN refunds f ON f.charge = c.id WHERE c.account = ? AND c.mode = ? AND c.plan = ? AND f.open = 1 GROUP BY c.seq`, o.Account, o.Mode, plan)
	if err != nil {
		return nil, r.wrap(err)
	}
	defer rows.Close() //nolint:errcheck // of a read
	out := make(map[uint64]int64)
	for rows.Next() {
		var seq uint64
		var minor int64
		if err := rows.Scan(&seq, &minor); err != nil {
			return nil, r.wrap(err)
		}
		out[seq] = minor
	}
	return out, r.wrap(rows.Err())
}
