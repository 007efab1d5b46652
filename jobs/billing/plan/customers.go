package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/mapping"
	"brood/jobs/billing/money"
	"cmp"
	"slices"
	"strings"
)

// customers are those of the plan, in the order in which they came.
type customers struct {
	at   map[string]int
	list []person
}

// person is what is known of a customer.
type person struct {
	id      string
	sums    money.Sums
	periods []span // in the order of their starts, and apart
	place   place
}

// span is a time that a customer is charged for.
type span struct {
	start, end string
	place      place
}

func (l *customers) of(id string, at place) *person {
	if l.at == nil {
		l.at = make(map[string]int)
	}
	i, known := l.at[id]
	if !known {
		i = len(l.list)
		l.at[id] = i
		l.list = append(l.list, person{id: id, place: at})
	}
	return &l.list[i]
}

// person compares the charge with others of the same customer, here and in the previous plan.
func (c *checker) person() {
	at := place{c.b.file, c.rows[0].Line}
	p := c.b.people.of(c.c.CustomerID, at)
	if err := p.sums.Add(c.amount); err != nil {
		c.say(KindAmount, mapping.Amount, "of the customer: %v", err)
		return
	}
	if sum, _ := p.sums.Of(c.c.Currency); c.b.caps.customer(sum) != "" {
		c.say(KindCustomerCap, mapping.Amount, "customer %s has %s in this plan, and may have %s", c.c.CustomerID, sum.WithCode(), c.b.caps.customer(sum))
	}
	c.period(p, at)
	if c.b.previous != nil {
		c.before()
	}
}

// period refuses a second charge of a customer for one time. A credit note, and a charge that is tried again, is none.
func (c *checker) period(p *person, at place) {
	if c.c.PeriodStart == "" || c.b.o.Several || c.c.Kind == charge.KindCreditNote || c.b.o.Dunning != "" {
		return
	}
	s := span{c.c.PeriodStart, c.c.PeriodEnd, at}
	i, _ := slices.BinarySearchFunc(p.periods, s, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for _, k := range []int{i - 1, i} {
		if k < 0 || k >= len(p.periods) || p.periods[k].end < s.start || p.periods[k].start > s.end {
			continue
		}
		o := &p.periods[k]
		c.say(KindTwice, mapping.Start, "customer %s is charged for %s to %s, and at %s:%d for %s to %s; if both are meant, say --several-per-period",
			c.c.CustomerID, s.start, s.end, o.place.file, o.place.line, o.start, o.end)
		return
	}
	p.periods = slices.Insert(p.periods, i, s)
}

// before compares with what the previous plan has of the customer.
func (c *checker) before() {
	o := c.b.previous.customer(c.c.CustomerID)
	if o == nil {
		c.newcomer()
		return
	}
	if start := c.c.PeriodStart; start != "" && o.end != "" && !c.b.o.Several && c.c.Kind != charge.KindCreditNote && c.b.o.Dunning == "" {
		switch {
		case start <= o.end && c.c.PeriodEnd >= o.start:
			c.say(KindOverlap, mapping.Start, "customer %s was charged for %s to %s by the previous plan, and this is for %s to %s", c.c.CustomerID, o.start, o.end, start, c.c.PeriodEnd)
		case start > o.end && days(o.end, start) > 1:
			c.say(KindGap, mapping.Start, "customer %s was charged to %s by the previous plan, and this begins on %s", c.c.CustomerID, o.end, start)
		}
	}
	for _, n := range []struct {
		field mapping.Field
		value string
		mask  func(string) string
	}{{"iban", c.c.IBAN, maskIBAN}, {mapping.AccountNo, c.c.AccountNumber, maskNumber}} {
		if n.value == "" || len(o.accounts) == 0 || slices.ContainsFunc(o.accounts, func(a bankAccount) bool { return a.key == key(n.value) }) {
			continue
		}
		var were []string
		for _, a := range o.accounts {
			were = append(were, a.masked)
		}
		c.say(KindNewAccount, n.field, "the account of customer %s was %s, and is %s", c.c.CustomerID, strings.Join(were, ", "), n.mask(n.value))
	}
}

// newcomer tells of a customer who is new, unless for zeros at the front.
func (c *checker) newcomer() {
	id := c.c.CustomerID
	if strings.Trim(id, "0123456789") != "" {
		return
	}
	for n := 1; n <= 12; n++ {
		if id = "0" + id; c.b.previous.customer(id) != nil {
			c.say(KindLostZero, mapping.Customer, "there was no customer %s in the previous plan, but %s: zeros at the front may be lost", c.c.CustomerID, id)
			return
		}
	}
}
