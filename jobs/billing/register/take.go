package register

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Owner is whose charges they are: an account at a provider, in live or test mode.
type Owner struct{ Account, Mode string }

// Plan is what Take is told of a plan.
type Plan struct {
	Owner
	Hash, Scope, Run string
	Identity         string   // of the run: its name is free again when it is removed
	Sources          []string // SHA-256 of the files that it was made of
	// Dunning allows charges of invoices that were declined before, with the next attempt.
	Dunning bool
	// Number is the series of the number that a charge gets, and what its first number is if the series is new; an
	// empty series: it gets none. Nil: none does.
	Number func(*charge.Charge) (series string, first int)
	// Format writes the n-th number of a charge's series.
	Format func(c *charge.Charge, n int) (string, error)
	// Numbered is told the fingerprint of each charge, and the number that it has got, "" if none, in the order of the
	// plan. Its error ends it.
	Numbered func(fingerprint, number string) error
	// Barred is told the positions of charges that the run may not try again, as others have been charged in their place. Nil:
	// nobody wants to know.
	Barred func(seq uint64)
	// Ready is called when all has been told, before it counts: its error keeps the plan from being taken. Nil: nothing is
	// to be done.
	Ready func() error
}

// planned is the status of a charge whose run has not ended it.
const planned = "planned"

// RefusedError says which charges may not be made, and why.
type RefusedError struct {
	Reasons []string // of the first few
	Count   int
}

// mostReasons is how many are told.
const mostReasons = 10

func (e *RefusedError) Error() string {
	text := strings.Join(e.Reasons, "\n")
	if left := e.Count - len(e.Reasons); left > 0 {
		text += fmt.Sprintf("\nand %d more", left)
	}
	return text
}

// Add notes one more.
func (e *RefusedError) Add(format string, args ...any) {
	if e.Count++; len(e.Reasons) < mostReasons {
		e.Reasons = append(e.Reasons, fmt.Sprintf(format, args...))
	}
}

// Take takes all charges of a plan for its run, in one transaction. If the run has taken them already it tells their
// numbers again, and takes those again that had come to nothing, as the run may try them once more: until Settle no other
// run has them. What another run has is a *RefusedError, or Barred.
func (r *Register) Take(ctx context.Context, p *Plan, charges iter.Seq2[*charge.Charge, error], now time.Time) error {
	return r.tx(ctx, func(tx *sql.Tx) error {
		taken, err := r.taken(ctx, tx, p)
		if err != nil {
			return err
		}
		if taken {
			return p.ready()
		}
		refused := new(RefusedError)
		if err := checkSources(ctx, tx, p, refused); err != nil {
			return err
		}
		t := taking{tx: tx, p: p, at: stamp(now), refused: refused, next: make(map[string]int)}
		if err := t.all(ctx, charges); err != nil {
			return err
		}
		if refused.Count > 0 {
			return refused
		}
		return errors.Join(t.end(ctx), p.ready())
	})
}

func (p *Plan) ready() error {
	if p.Ready == nil {
		return nil
	}
	return p.Ready()
}

// taken reports whether the run has the plan already, and tells the numbers.
func (r *Register) taken(ctx context.Context, tx *sql.Tx, p *Plan) (bool, error) {
	var run, identity, at string
	err := tx.QueryRowContext(ctx, `SELECT run, identity, at FROM plans WHERE account = ? AND mode = ? AND hash = ?`, p.Account, p.Mode, p.Hash).Scan(&run, &identity, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case run != p.Run:
		return false, &RefusedError{Count: 1, Reasons: []string{fmt.Sprintf("this plan was run on %s as %s: a plan is run once. To go on with it: brood resume %s", at, run, run)}}
	case identity != p.Identity:
		return false, &RefusedError{Count: 1, Reasons: []string{fmt.Sprintf("this plan was run on %s as %s, and that run was removed since: what it has charged would be charged again. Put the directory of that run back from a copy, or see at the provider what was charged", at, run)}}
	}
	if err := tellNumbers(ctx, tx, p); err != nil {
		return true, err
	}
	return true, takeAgain(ctx, tx, p)
}

// takeAgain takes those charges of a plan again that have come to nothing, unless others were charged in their place.
func takeAgain(ctx context.Context, tx *sql.Tx, p *Plan) error {
	if _, err := tx.ExecContext(ctx, `UPDATE OR IGNORE charges SET open = 1 WHERE account = ? AND mode = ? AND plan = ? AND open = 0 AND status IN (?, ?, ?)
		AND NOT EXISTS (SELECT 1 FROM events e WHERE e.charge = charges.id)
		AND NOT EXISTS (SELECT 1 FROM charges l WHERE l.account = charges.account AND l.mode = charges.mode AND l.invoice = charges.invoice AND l.attempt > charges.attempt)
		AND NOT EXISTS (SELECT 1 FROM credits k JOIN charges i ON i.id = k.invoice WHERE k.credit = charges.id AND charges.minor > i.minor -
			(SELECT ifnull(sum(o.minor), 0) FROM credits n JOIN charges o ON o.id = n.credit WHERE n.invoice = k.invoice AND o.open = 1))`,
		p.Account, p.Mode, p.Hash, string(charge.Declined), string(charge.Failed), string(charge.SkippedDuplicate)); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT seq FROM charges WHERE account = ? AND mode = ? AND plan = ? AND open = 0 ORDER BY seq`, p.Account, p.Mode, p.Hash)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // of a read
	for rows.Next() {
		var seq uint64
		if err := rows.Scan(&seq); err != nil {
			return err
		}
		if p.Barred != nil {
			p.Barred(seq)
		}
	}
	return rows.Err()
}

// Holder is the run that has taken a plan, and its identity; empty: none.
func (r *Register) Holder(ctx context.Context, o Owner, plan string) (run, identity string, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT run, identity FROM plans WHERE account = ? AND mode = ? AND hash = ?`, o.Account, o.Mode, plan).Scan(&run, &identity)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return run, identity, r.wrap(err)
}

// checkSources refuses a file of which charges of an earlier plan are open or paid.
func checkSources(ctx context.Context, tx *sql.Tx, p *Plan, refused *RefusedError) error {
	if p.Dunning {
		return nil // it is of those that were declined
	}
	for _, sum := range p.Sources {
		var run, plan string
		err := tx.QueryRowContext(ctx, `SELECT p.run, p.hash FROM sources s JOIN plans p ON p.account = s.account AND p.mode = s.mode AND p.hash = s.plan
			WHERE s.account = ? AND s.mode = ? AND s.sha256 = ? AND EXISTS (SELECT 1 FROM charges c WHERE c.account = p.account AND c.mode = p.mode AND c.plan = p.hash AND c.open = 1)`,
			p.Account, p.Mode, sum).Scan(&run, &plan)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		refused.Add("the same file was charged by run %s (plan %.12s): look at it with brood status %s", run, plan, run)
	}
	return nil
}

// taking is one Take at work.
type taking struct {
	tx      *sql.Tx
	p       *Plan
	at      string
	refused *RefusedError
	next    map[string]int // of each series
	n       int
	insert  *sql.Stmt
	before  *sql.Stmt
}

func (t *taking) all(ctx context.Context, charges iter.Seq2[*charge.Charge, error]) (err error) {
	if t.insert, err = t.tx.PrepareContext(ctx, `INSERT INTO charges (account, mode, invoice, attempt, kind, customer, period, currency, minor, fingerprint, network, plan, seq, number, status, open, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO NOTHING`); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.insert.Close()) }()
	if t.before, err = t.tx.PrepareContext(ctx, `SELECT attempt, status, open, currency, minor, (SELECT run FROM plans p WHERE p.account = c.account AND p.mode = c.mode AND p.hash = c.plan)
		FROM charges c WHERE account = ? AND mode = ? AND invoice = ? ORDER BY attempt DESC LIMIT 1`); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.before.Close()) }()
	for c, err := range charges {
		if err != nil {
			return err
		}
		if err := t.one(ctx, c); err != nil {
			return err
		}
		t.n++
	}
	return nil
}

func (t *taking) one(ctx context.Context, c *charge.Charge) error {
	amount, err := c.Money()
	if err != nil {
		return err
	}
	// Attempts of an invoice are counted from 1 without a gap, and no charge is ever taken out: so the first one of an invoice, as nearly
	// all are, is kept out by a constraint if there is any, and the reason is looked for then.
	credit := c.Kind == charge.KindCreditNote
	first := c.Attempt == 1 && !credit
	if !first {
		if fine, err := t.mayFollow(ctx, c, amount); err != nil || !fine {
			return err
		}
	}
	var invoice int64
	if credit {
		var fine bool
		if invoice, fine, err = t.credits(ctx, c, amount); err != nil || !fine {
			return err
		}
	}
	number, err := t.number(ctx, c)
	if err != nil {
		return err
	}
	sum, err := c.Fingerprint()
	if err != nil {
		return err
	}
	var period any
	if c.PeriodStart != "" && c.PeriodEnd != "" {
		period = c.PeriodStart + "/" + c.PeriodEnd
	}
	res, err := t.insert.ExecContext(ctx, t.p.Account, t.p.Mode, c.InvoiceID, c.Attempt, string(c.Kind), c.CustomerID, period, string(c.Currency), amount.Minor, sum, c.Network, t.p.Hash, t.n, sql.NullString{String: number, Valid: number != ""}, planned, t.at)
	if err != nil {
		return err
	}
	if rows, err := res.RowsAffected(); err != nil {
		return err
	} else if rows == 0 {
		return t.refuse(ctx, c, amount, first)
	}
	if invoice != 0 {
		if err := t.keepCredit(ctx, res, invoice); err != nil {
			return err
		}
	}
	if t.p.Numbered != nil {
		return t.p.Numbered(sum, number)
	}
	return nil
}

// refuse says why a constraint has kept a charge out. The plan is not taken then.
func (t *taking) refuse(ctx context.Context, c *charge.Charge, amount money.Amount, first bool) error {
	if first {
		if fine, err := t.mayFollow(ctx, c, amount); err != nil || !fine {
			return err
		}
	}
	return t.why(ctx, c)
}

// mayFollow refuses a charge of an invoice that was charged before, unless that was declined and this is the next attempt
// of a dunning run.
func (t *taking) mayFollow(ctx context.Context, c *charge.Charge, amount money.Amount) (bool, error) {
	var attempt int
	var status, currency string
	var minor int64
	var open bool
	var run sql.NullString
	err := t.before.QueryRowContext(ctx, t.p.Account, t.p.Mode, c.InvoiceID).Scan(&attempt, &status, &open, &currency, &minor, &run)
	if errors.Is(err, sql.ErrNoRows) {
		if c.Attempt > 1 {
			t.refused.Add("invoice %s: this is attempt %d, and there was none before it", c.InvoiceID, c.Attempt)
			return false, nil
		}
		return true, nil
	}
	if err != nil {
		return false, err
	}
	then := money.Amount{Minor: minor, Currency: money.Currency(currency)}
	switch {
	case !again(status):
		t.refused.Add("invoice %s is %s in run %s, over %s: it is not charged again. Another amount is a decision: refund that charge, or give what is added an invoice of its own", c.InvoiceID, status, run.String, then.WithCode())
	case open:
		t.refused.Add("invoice %s was %s in run %s, which may try it again: end that run first, with brood resume %s", c.InvoiceID, status, run.String, run.String)
	case !t.p.Dunning:
		t.refused.Add("invoice %s was %s in run %s: to try it again, plan it with --dunning %s", c.InvoiceID, status, run.String, run.String)
	case c.Attempt != attempt+1:
		t.refused.Add("invoice %s: this is attempt %d, and the last one was %d", c.InvoiceID, c.Attempt, attempt)
	default:
		_ = amount // which may be another: the provider has refused the last one for good
		return true, nil
	}
	return false, nil
}

// again reports whether a charge with that status may be followed by another attempt: no money has moved, and none will.
func again(status string) bool {
	switch charge.Status(status) {
	case charge.Declined, charge.Failed, charge.Returned, charge.SkippedDuplicate:
		return true
	default:
		return false
	}
}

// why says which constraint has kept a charge out.
func (t *taking) why(ctx context.Context, c *charge.Charge) error {
	var invoice, run string
	err := t.tx.QueryRowContext(ctx, `SELECT invoice, ifnull((SELECT run FROM plans p WHERE p.account = c.account AND p.mode = c.mode AND p.hash = c.plan), 'this plan') FROM charges c
		WHERE account = ? AND mode = ? AND customer = ? AND period = ? AND kind = ? AND open = 1`, t.p.Account, t.p.Mode, c.CustomerID, c.PeriodStart+"/"+c.PeriodEnd, string(c.Kind)).Scan(&invoice, &run)
	if errors.Is(err, sql.ErrNoRows) {
		t.refused.Add("invoice %s stands in the plan more than once", c.InvoiceID)
		return nil
	}
	if err != nil {
		return err
	}
	t.refused.Add("invoice %s: customer %s is charged for %s to %s by invoice %s already, in %s", c.InvoiceID, c.CustomerID, c.PeriodStart, c.PeriodEnd, invoice, run)
	return nil
}

// end keeps the plan, its files, and where the series stand now.
func (t *taking) end(ctx context.Context) error {
	p := t.p
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO plans (account, mode, hash, scope, run, identity, at, charges) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, p.Account, p.Mode, p.Hash, p.Scope, p.Run, p.Identity, t.at, t.n); err != nil {
		return err
	}
	for _, sum := range p.Sources {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO sources VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, p.Account, p.Mode, sum, p.Hash); err != nil {
			return err
		}
	}
	for series, next := range t.next {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO series VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next`, p.Account, p.Mode, series, next); err != nil {
			return err
		}
	}
	return nil
}

// PlanOf is the hash of the plan that a run has taken, the last of them if there were several of that name; empty: none.
func (r *Register) PlanOf(ctx context.Context, run string) (hash string, o Owner, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT hash, account, mode FROM plans WHERE run = ? ORDER BY at DESC LIMIT 1`, run).Scan(&hash, &o.Account, &o.Mode)
	if errors.Is(err, sql.ErrNoRows) {
		return "", o, nil
	}
	return hash, o, r.wrap(err)
}
