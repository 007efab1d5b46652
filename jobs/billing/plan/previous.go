package plan

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"fmt"
	"maps"
	"slices"
)

// previous is what there is to compare with of an earlier plan.
type previous struct {
	hash     string
	people   map[string]*known
	mandates map[[16]byte]*used
}

// known is a customer of the previous plan.
type known struct {
	sums       money.Sums
	start, end string // of all its periods
	accounts   []bankAccount
}

type bankAccount struct {
	key    [16]byte
	masked string
}

// used is a mandate of the previous plan.
type used struct{ on, sequence string }

func readPrevious(p *Plan) (*previous, error) {
	b := &previous{hash: p.Hash(), people: make(map[string]*known), mandates: make(map[[16]byte]*used)}
	err := p.Each(func(c *charge.Charge) error {
		if c.Kind == charge.KindCreditNote {
			return nil
		}
		k := b.people[c.CustomerID]
		if k == nil {
			k = new(known)
			b.people[c.CustomerID] = k
		}
		a, err := c.Money()
		if err != nil {
			return err
		}
		if c.PeriodStart != "" && (k.start == "" || c.PeriodStart < k.start) {
			k.start = c.PeriodStart
		}
		k.end = max(k.end, c.PeriodEnd)
		k.add(c.IBAN, maskIBAN)
		k.add(c.AccountNumber, maskNumber)
		if c.MandateID != "" {
			b.mandates[key(c.MandateID)] = &used{day(c), c.Sequence}
		}
		return k.sums.Add(a)
	})
	if err != nil {
		return nil, fmt.Errorf("read the previous plan: %w", err)
	}
	return b, nil
}

func (k *known) add(number string, mask func(string) string) {
	if number == "" {
		return
	}
	one := key(number)
	if !slices.ContainsFunc(k.accounts, func(a bankAccount) bool { return a.key == one }) {
		k.accounts = append(k.accounts, bankAccount{one, mask(number)})
	}
}

func maskIBAN(s string) string   { return account.Mask(s) }
func maskNumber(s string) string { return account.MaskNumber(s) }

func (b *previous) customer(id string) *known { return b.people[id] }
func (b *previous) mandate(id string) *used   { return b.mandates[key(id)] }

// compare tells of customers whose amount is another, and of those who are gone.
func (b *previous) compare(of *builder) {
	factor := int64(of.o.Factor)
	for i := range of.people.list {
		p := &of.people.list[i]
		k := b.people[p.id]
		if k == nil {
			of.report.New++
			continue
		}
		for _, now := range p.sums.List() {
			was, had := k.sums.Of(now.Currency)
			if had && differs(was.Minor, now.Minor, factor) {
				of.problems.add(Problem{Kind: KindChanged, File: p.place.file, Line: p.place.line, Text: fmt.Sprintf("customer %s had %s in the previous plan, and has %s", p.id, was.WithCode(), now.WithCode())})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.people)) {
		if _, here := of.people.at[id]; !here {
			of.problems.add(Problem{Kind: KindGone, Text: "customer " + id + " had " + b.people[id].sums.String() + " in the previous plan, and has no charge in this one"})
		}
	}
}

// differs reports whether one amount is at least so many times the other.
func differs(was, now, factor int64) bool {
	if was < 0 || now < 0 {
		return (was < 0) != (now < 0)
	}
	low, high := min(was, now), max(was, now)
	return high > low && high/factor >= low
}
