// Package reconcile compares what was planned with what has become of it, and with what the other side says: a provider's
// own list, or statements of a bank.
//
// What it promises: every planned charge is counted once, in number and in amount by currency, and so is every
// payment of the other side; a difference is named with both sides. It decides nothing and changes nothing.
//
// What it leaves to others: how the other side is read (packages stripe and statement), and what is done about a
// difference.
package reconcile

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"fmt"
	"slices"
	"strings"
)

// Pending is the status of a charge that its run has not ended.
const Pending charge.Status = "pending"

// Ours is one charge as we have it.
type Ours struct {
	Seq        jobs.Seq
	Invoice    string
	ProviderID string
	// References are what it may be called on the other side beside its invoice: an EndToEndId, a trace number.
	References []string
	Amount     money.Amount
	Status     charge.Status
}

// Kind is what differs.
type Kind string

// The differences.
const (
	Missing   Kind = "missing"   // we say that money has moved, and the other side has nothing
	Extra     Kind = "extra"     // the other side has a payment that we do not know of, or that we say did not succeed
	Amount    Kind = "amount"    // another amount, or currency
	Twice     Kind = "twice"     // the other side has it more than once
	Otherwise Kind = "otherwise" // it ended in another way
)

// Difference is one, with both sides; one of them may be missing.
type Difference struct {
	Kind   Kind
	Ours   *Ours
	Theirs *charge.Listed
}

// String says it in a line.
func (d *Difference) String() string {
	ours, theirs := "nothing", "nothing"
	if o := d.Ours; o != nil {
		ours = fmt.Sprintf("invoice %s, %s, %s", o.Invoice, o.Amount.WithCode(), o.Status)
	}
	if t := d.Theirs; t != nil {
		theirs = fmt.Sprintf("%s, %s, %s", t.Reference, money.Amount{Minor: t.Minor, Currency: money.Currency(t.Currency)}.WithCode(), t.Status)
		for _, more := range []string{t.ProviderID, t.Reason, t.Place} {
			if more != "" {
				theirs += ", " + more
			}
		}
	}
	return fmt.Sprintf("%s: here %s; there %s", d.Kind, ours, theirs)
}

// Line is how many charges have one status, and what they add up to.
type Line struct {
	Status charge.Status
	Count  int
	Sums   money.Sums
}

// Report is what was found.
type Report struct {
	Planned     Line
	Lines       []Line // by status, in the order in which they are told
	Differences []Difference
	// Matched is how many charges the other side has as well, in the same amount; Compared says that it was asked.
	Matched  int
	Compared bool
}

// Balanced reports whether the statuses add up to the plan, nothing is unknown or pending, and there is no difference.
func (r *Report) Balanced() bool { return len(r.Why()) == 0 }

// Why says what does not balance.
func (r *Report) Why() []string {
	var out []string
	total := Line{}
	for i := range r.Lines {
		l := &r.Lines[i]
		total.Count += l.Count
		_ = total.Sums.AddAll(&l.Sums) // it was added up before
		if l.Count > 0 && (l.Status == Pending || l.Status == charge.Unknown) {
			out = append(out, fmt.Sprintf("%s %s (%s)", charge.Counted(l.Count, "charge is", "charges are"), l.Status, l.Sums.String()))
		}
	}
	if total.Count != r.Planned.Count || !total.Sums.Equal(&r.Planned.Sums) {
		out = append(out, fmt.Sprintf("%s planned (%s), and %d accounted for (%s)", charge.Counted(r.Planned.Count, "charge was", "charges were"), r.Planned.Sums.String(), total.Count, total.Sums.String()))
	}
	if n := len(r.Differences); n > 0 {
		out = append(out, charge.Counted(n, "difference", "differences")+" from the other side")
	}
	return out
}

// Comparison adds up our side, and then compares the other with it.
type Comparison struct {
	planned Line
	lines   map[charge.Status]*Line
	ours    []*Ours
	byName  map[string]*Ours
	byID    map[string]*Ours
	theirs  map[*Ours][]*charge.Listed
	strange []*charge.Listed
	asked   bool
	// Partial says that the other side is not all there is: what it does not have may stand elsewhere.
	Partial bool
}

// New begins one.
func New() *Comparison {
	return &Comparison{lines: make(map[charge.Status]*Line), byName: make(map[string]*Ours), byID: make(map[string]*Ours), theirs: make(map[*Ours][]*charge.Listed)}
}

// Plan counts a planned charge, and how it stands.
func (c *Comparison) Plan(o Ours) error {
	if o.Status == "" {
		o.Status = Pending
	}
	l := c.lines[o.Status]
	if l == nil {
		l = &Line{Status: o.Status}
		c.lines[o.Status] = l
	}
	c.planned.Count++
	l.Count++
	if err := c.planned.Sums.Add(o.Amount); err != nil {
		return err
	}
	if err := l.Sums.Add(o.Amount); err != nil {
		return err
	}
	p := &o
	c.ours = append(c.ours, p)
	for _, name := range append(o.References, o.Invoice) {
		if name != "" {
			c.byName[name] = p
		}
	}
	if o.ProviderID != "" {
		c.byID[o.ProviderID] = p
	}
	return nil
}

// Asked says that the other side was asked, so that what it does not name is missing there.
func (c *Comparison) Asked() { c.asked = true }

// Theirs takes one payment of the other side.
func (c *Comparison) Theirs(t charge.Listed) {
	c.asked = true
	o := c.byID[t.ProviderID]
	if o == nil || t.ProviderID == "" {
		o = c.byName[t.Reference]
	}
	if o == nil {
		c.strange = append(c.strange, &t)
		return
	}
	c.theirs[o] = append(c.theirs[o], &t)
}

// Find is the charge that a payment is about; nil: none.
func (c *Comparison) Find(t *charge.Listed) *Ours {
	if o := c.byID[t.ProviderID]; o != nil && t.ProviderID != "" {
		return o
	}
	return c.byName[t.Reference]
}

// Report compares, when both sides are complete.
func (c *Comparison) Report() *Report {
	r := &Report{Planned: c.planned, Compared: c.asked}
	for _, s := range append(charge.Statuses(), Pending) {
		if l := c.lines[s]; l != nil {
			r.Lines = append(r.Lines, *l)
		}
	}
	if !c.asked {
		return r
	}
	for _, o := range c.ours {
		c.compare(r, o, c.theirs[o])
	}
	for _, t := range c.strange {
		if moved(t.Status) {
			r.Differences = append(r.Differences, Difference{Kind: Extra, Theirs: t})
		}
	}
	return r
}

// compare compares one charge with what the other side has of it.
func (c *Comparison) compare(r *Report, o *Ours, theirs []*charge.Listed) {
	money := slices.DeleteFunc(slices.Clone(theirs), func(t *charge.Listed) bool { return !moved(t.Status) })
	switch {
	case !moved(o.Status) && len(money) > 0 && o.Status != charge.Unknown && o.Status != Pending:
		r.Differences = append(r.Differences, Difference{Kind: Extra, Ours: o, Theirs: money[0]})
		return
	case !moved(o.Status):
		return // declined here, and there nothing that moved
	case len(money) == 0 && len(theirs) > 0:
		r.Differences = append(r.Differences, Difference{Kind: Otherwise, Ours: o, Theirs: theirs[0]})
		return
	case len(money) == 0:
		if !c.Partial {
			r.Differences = append(r.Differences, Difference{Kind: Missing, Ours: o})
		}
		return
	}
	for i, t := range money {
		// A debit and its return are two entries of one charge.
		if i > 0 && t.Status == money[0].Status {
			r.Differences = append(r.Differences, Difference{Kind: Twice, Ours: o, Theirs: t})
		}
	}
	t := money[0]
	if t.Minor != o.Amount.Minor || !strings.EqualFold(t.Currency, string(o.Amount.Currency)) {
		r.Differences = append(r.Differences, Difference{Kind: Amount, Ours: o, Theirs: t})
		return
	}
	r.Matched++
}

// moved reports whether money has moved with that status, or is on its way, on either side.
func moved(s charge.Status) bool {
	switch s {
	case charge.Succeeded, charge.Submitted, charge.Processing, charge.Returned, charge.Refunded, charge.Disputed:
		return true
	default:
		return false
	}
}
