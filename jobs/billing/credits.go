package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/register"
	"cmp"
	"context"
	"errors"
	"io/fs"
)

// credits tells a plan what speaks against its credit notes, as the register would when they are run. It is opened with the first.
type credits struct {
	ctx    context.Context //nolint:containedctx // of one command
	state  string
	owner  register.Owner
	r      *register.Register // nil: it is not open, or there is none
	looked bool
	more   map[int64]int64 // of the plan's own, by the charge
}

func (k *credits) check(c *charge.Charge, amount money.Amount) string {
	if err := k.open(); err != nil {
		return err.Error()
	}
	var i *register.Credited
	if k.r != nil {
		var err error
		if i, err = k.r.Credited(k.ctx, k.owner, cmp.Or(c.CreditOf, c.CreditElsewhere)); err != nil {
			return err.Error()
		}
	}
	more := int64(0)
	if i != nil {
		more = k.more[i.Charge.ID]
	}
	why := i.Refuses(c, amount, more)
	if why == "" && i != nil {
		k.more[i.Charge.ID] = more + amount.Minor
	}
	return why
}

func (k *credits) open() (err error) {
	if k.looked || k.state == "" {
		return nil
	}
	k.looked, k.more = true, make(map[int64]int64)
	if k.r, err = register.OpenThere(k.ctx, k.state); errors.Is(err, fs.ErrNotExist) {
		k.r, err = nil, nil // nobody was charged yet
	}
	return err
}

func (k *credits) close() {
	if k.r != nil {
		_ = k.r.Close() // it was only read
	}
}
