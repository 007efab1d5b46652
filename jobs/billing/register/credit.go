package register

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Credited is an invoice that credit notes refer to.
type Credited struct {
	Charge *Charge
	Left   int64 // of its amount, to be credited yet
}

// rows is what the database is asked by: alone, or in a transaction.
type rows interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Credited finds the invoice that a credit note refers to, by its id or by its number; nil: there is none.
func (r *Register) Credited(ctx context.Context, o Owner, of string) (*Credited, error) {
	i, err := credited(ctx, r.db, o, of)
	return i, r.wrap(err)
}

func credited(ctx context.Context, in rows, o Owner, of string) (*Credited, error) {
	var found *Charge
	for _, column := range []string{"invoice", "number"} {
		c, err := scanCharge(in.QueryRowContext(ctx, `SELECT `+chargeColumns+` FROM charges c WHERE c.account = ? AND c.mode = ? AND c.`+column+` = ? AND c.kind = ? ORDER BY c.attempt DESC LIMIT 1`,
			o.Account, o.Mode, of, string(charge.KindCharge)))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return nil, err
		case found != nil && found.Invoice != c.Invoice:
			return nil, &RefusedError{Count: 1, Reasons: []string{fmt.Sprintf("credit_of %s is the id of one invoice, and the number of another, %s: name that one by its id", of, c.Invoice)}}
		}
		found = c
	}
	if found == nil {
		return nil, nil
	}
	var before int64
	err := in.QueryRowContext(ctx, `SELECT ifnull(sum(c.minor), 0) FROM credits k JOIN charges i ON i.id = k.invoice JOIN charges c ON c.id = k.credit
		WHERE i.account = ? AND i.mode = ? AND i.invoice = ? AND c.open = 1`, o.Account, o.Mode, found.Invoice).Scan(&before)
	return &Credited{Charge: found, Left: found.Minor - before}, err
}

// Refuses says why a credit note may not be made of an invoice, of which more is to be credited besides, and what to do; empty: it may.
// All credit notes of an invoice together are at most the invoice, and go to its customer, in its currency.
func (i *Credited) Refuses(c *charge.Charge, amount money.Amount, more int64) string {
	switch {
	case c.CreditElsewhere != "" && i != nil:
		return fmt.Sprintf("invoice %s is known here, from run %s: name it in the column credit_of, so that the amount is checked", c.CreditElsewhere, i.Charge.Run)
	case c.CreditElsewhere != "":
		return ""
	case i == nil:
		return fmt.Sprintf("no invoice %s was made from here for this account: look at its number. One that another program has made is named in the column credit_of_elsewhere, and its amount is not checked", c.CreditOf)
	}
	in := i.Charge
	is := money.Amount{Minor: in.Minor, Currency: money.Currency(in.Currency)}
	left := money.Amount{Minor: i.Left - more, Currency: is.Currency}
	switch {
	case !stands(in.Status):
		return fmt.Sprintf("invoice %s is %s in run %s: there is none that could be taken back", c.CreditOf, in.Status, in.Run)
	case in.Customer != c.CustomerID:
		return fmt.Sprintf("invoice %s is one to customer %s, and this goes to %s", c.CreditOf, in.Customer, c.CustomerID)
	case is.Currency != amount.Currency:
		return fmt.Sprintf("invoice %s is in %s, and this in %s", c.CreditOf, is.Currency, amount.Currency)
	case amount.Minor > left.Minor:
		return fmt.Sprintf("%s, and of invoice %s over %s there are %s left to credit", amount.WithCode(), c.CreditOf, is.WithCode(), left.WithCode())
	}
	return ""
}

// stands reports whether a charge of that status has an invoice, whatever became of the money.
func stands(s charge.Status) bool {
	switch s {
	case planned, charge.Failed, charge.Unknown, charge.SkippedDuplicate:
		return false
	default:
		return true
	}
}

// credits finds the invoice that a credit note takes back, to be kept with it; 0: it is one of another program. It is refused if
// it may not be made.
func (t *taking) credits(ctx context.Context, c *charge.Charge, amount money.Amount) (invoice int64, fine bool, err error) {
	of := c.CreditOf
	if c.CreditElsewhere != "" {
		of = c.CreditElsewhere
	}
	i, err := credited(ctx, t.tx, t.p.Owner, of)
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		t.refused.Add("credit note %s: %v", c.InvoiceID, refused)
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if why := i.Refuses(c, amount, 0); why != "" {
		t.refused.Add("credit note %s: %s", c.InvoiceID, why)
		return 0, false, nil
	}
	if i == nil {
		return 0, true, nil
	}
	return i.Charge.ID, true, nil
}

// keepCredit keeps which invoice a credit note takes back.
func (t *taking) keepCredit(ctx context.Context, taken sql.Result, invoice int64) error {
	credit, err := taken.LastInsertId()
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO credits VALUES (?, ?)`, credit, invoice)
	return err
}
