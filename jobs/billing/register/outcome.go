package register

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Ended is how a charge of a run stands.
type Ended struct {
	Seq        jobs.Seq
	Status     charge.Status
	ProviderID string
	Code       string
	Advice     string
	Response   string // the issuer's own code
	Reason     string
}

// Settle keeps how the charges of a plan stand. Those that are not named stay as they are; what is returned, refunded or
// disputed since is not made anything else, nor is that of which something was heard later (Note) or which was tried again by
// another run: results are older than that. Void says that the run is done, so that numbers of charges
// that did not succeed are void. Chain is the last link over plan and outcomes, if the run is done.
func (r *Register) Settle(ctx context.Context, o Owner, plan, chain string, void bool, ended iter.Seq2[*Ended, error], now time.Time) error {
	return r.tx(ctx, func(tx *sql.Tx) error {
		s, err := prepareSettling(ctx, tx)
		if err != nil {
			return err
		}
		defer s.close()
		s.of, s.at = []any{o.Account, o.Mode, plan}, stamp(now)
		for e, err := range ended {
			if err != nil {
				return err
			}
			if err := s.one(ctx, e); err != nil {
				return err
			}
			if void {
				if err := voidOf(ctx, tx, o, plan, e, now); err != nil {
					return err
				}
			}
		}
		if chain == "" {
			return nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE plans SET done_at = ?, chain = ? WHERE account = ? AND mode = ? AND hash = ? AND (chain IS NULL OR chain <> ?)`, stamp(now), chain, o.Account, o.Mode, plan, chain)
		return err
	})
}

// settling are the statements of one Settle.
type settling struct {
	still, any *sql.Stmt
	of         []any // account, mode and plan
	at         string
}

const (
	settleSet   = `UPDATE charges SET status = ?, provider_id = ?, code = ?, advice = ?, response = ?, at = ?`
	settleWhere = ` WHERE account = ? AND mode = ? AND plan = ? AND seq = ? AND status NOT IN ('returned', 'refunded', 'disputed')
		AND NOT EXISTS (SELECT 1 FROM events e WHERE e.charge = charges.id)
		AND NOT EXISTS (SELECT 1 FROM charges l WHERE l.account = charges.account AND l.mode = charges.mode AND l.invoice = charges.invoice AND l.attempt > charges.attempt)
		AND (status <> ? OR provider_id <> ? OR open <> ?)`
)

// prepareSettling makes two statements. One is for a charge that was open and stays so, as nearly all are: it leaves the column open alone,
// and so the two indexes of what is open, which would be half of its work.
func prepareSettling(ctx context.Context, tx *sql.Tx) (s *settling, err error) {
	s = new(settling)
	if s.still, err = tx.PrepareContext(ctx, settleSet+settleWhere+` AND open = 1`); err != nil {
		return nil, err
	}
	if s.any, err = tx.PrepareContext(ctx, settleSet+`, open = ?`+settleWhere); err != nil {
		return nil, errors.Join(err, s.still.Close())
	}
	return s, nil
}

func (s *settling) close() {
	_ = s.still.Close()
	_ = s.any.Close()
}

// one keeps how one charge stands.
func (s *settling) one(ctx context.Context, e *Ended) error {
	open := e.Status.Open() || e.Status == charge.Refunded
	set := []any{string(e.Status), e.ProviderID, e.Code, e.Advice, e.Response, s.at}
	where := append(slices.Clone(s.of), uint64(e.Seq), string(e.Status), e.ProviderID, open)
	if open {
		res, err := s.still.ExecContext(ctx, append(set, where...)...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
	}
	_, err := s.any.ExecContext(ctx, append(append(set, open), where...)...)
	return err
}

func voidOf(ctx context.Context, tx *sql.Tx, o Owner, plan string, e *Ended, now time.Time) error {
	switch e.Status {
	case charge.Unknown:
		return nil // there may be an invoice with it
	case charge.Declined, charge.Failed, charge.SkippedDuplicate:
		return void(ctx, tx, o, plan, e, false, now)
	default:
		return void(ctx, tx, o, plan, e, true, now)
	}
}

// Chain is the last link that was kept when the run of a plan was done, and its run; empty: it is not done, or not known.
func (r *Register) Chain(ctx context.Context, o Owner, plan string) (chain, run string, err error) {
	var link sql.NullString
	err = r.db.QueryRowContext(ctx, `SELECT chain, run FROM plans WHERE account = ? AND mode = ? AND hash = ?`, o.Account, o.Mode, plan).Scan(&link, &run)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return link.String, run, r.wrap(err)
}

// Charge is one charge as the register has it.
type Charge struct {
	ID                                       int64
	Invoice, Customer, Currency, Plan, Run   string
	Attempt                                  int
	Minor                                    int64
	Status                                   charge.Status
	ProviderID, Number, Code, Advice, Fprint string
	Network, Response                        string
	Seq                                      jobs.Seq
	At                                       time.Time
}

const chargeColumns = `c.id, c.invoice, c.customer, c.currency, c.plan, ifnull((SELECT run FROM plans p WHERE p.account = c.account AND p.mode = c.mode AND p.hash = c.plan), ''),
	c.attempt, c.minor, c.status, c.provider_id, ifnull(c.number, ''), c.code, c.advice, c.fingerprint, c.network, c.response, c.seq, c.at`

func scanCharge(row interface{ Scan(...any) error }) (*Charge, error) {
	c := new(Charge)
	var status, at string
	var seq uint64
	err := row.Scan(&c.ID, &c.Invoice, &c.Customer, &c.Currency, &c.Plan, &c.Run, &c.Attempt, &c.Minor, &status, &c.ProviderID, &c.Number, &c.Code, &c.Advice, &c.Fprint, &c.Network, &c.Response, &seq, &at)
	if err != nil {
		return nil, err
	}
	c.Status, c.Seq = charge.Status(status), jobs.Seq(seq)
	if c.At, err = time.Parse(timeFormat, at); err != nil {
		return nil, fmt.Errorf("charge %s: %w", c.Invoice, err)
	}
	return c, nil
}

// Attempts are the charges of an invoice, the first attempt first.
func (r *Register) Attempts(ctx context.Context, o Owner, invoice string) ([]*Charge, error) {
	return r.list(ctx, `SELECT `+chargeColumns+` FROM charges c WHERE c.account = ? AND c.mode = ? AND c.invoice = ? ORDER BY c.attempt`, o.Account, o.Mode, invoice)
}

// Charges are those of a plan, in its order.
func (r *Register) Charges(ctx context.Context, o Owner, plan string) ([]*Charge, error) {
	return r.list(ctx, `SELECT `+chargeColumns+` FROM charges c WHERE c.account = ? AND c.mode = ? AND c.plan = ? ORDER BY c.seq`, o.Account, o.Mode, plan)
}

// Standing is how a charge stands, with the number of its document; empty: it has none.
type Standing struct {
	Status charge.Status
	Number string
}

// Standings are those of the charges of a plan, in its order.
func (r *Register) Standings(ctx context.Context, o Owner, plan string) ([]Standing, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT status, ifnull(number, '') FROM charges WHERE account = ? AND mode = ? AND plan = ? ORDER BY seq`, o.Account, o.Mode, plan)
	if err != nil {
		return nil, r.wrap(err)
	}
	defer rows.Close() //nolint:errcheck // of a read
	var out []Standing
	for rows.Next() {
		var s Standing
		if err := rows.Scan((*string)(&s.Status), &s.Number); err != nil {
			return nil, r.wrap(err)
		}
		out = append(out, s)
	}
	return out, r.wrap(rows.Err())
}

func (r *Register) list(ctx context.Context, query string, args ...any) ([]*Charge, error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, r.wrap(err)
	}
	defer rows.Close() //nolint:errcheck // of a read
	var out []*Charge
	for rows.Next() {
		c, err := scanCharge(rows)
		if err != nil {
			return nil, r.wrap(err)
		}
		out = append(out, c)
	}
	return out, r.wrap(rows.Err())
}

// Event is something that came later: Returned, Refunded or Disputed.
type Event struct {
	Charge int64
	Status charge.Status
	Minor  int64
	Code   string
	Source string
	At     time.Time
}

// Note keeps what has come later, and how the charges stand by that. What was heard before of the same source is not
// counted again. It reports how many were new.
func (r *Register) Note(ctx context.Context, events []Event, now time.Time) (fresh int, err error) {
	err = r.tx(ctx, func(tx *sql.Tx) error {
		for i := range events {
			e := &events[i]
			res, err := tx.ExecContext(ctx, `INSERT INTO events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, e.Charge, string(e.Status), e.Minor, e.Code, e.Source, stamp(e.At))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue
			}
			fresh++
			open := e.Status.Open() || e.Status == charge.Refunded
			if _, err := tx.ExecContext(ctx, `UPDATE charges SET status = ?, open = ?, code = ?, at = ? WHERE id = ?`, string(e.Status), open, e.Code, stamp(now), e.Charge); err != nil {
				return err
			}
		}
		return nil
	})
	return fresh, err
}
