package plan

import (
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"maps"
)

// caps are the bounds in force: those of the settings, and for the currencies that flags name those of the flags.
type caps struct {
	ofRecord, ofCustomer, ofRun map[money.Currency]money.Amount
}

// newCaps reads them, and writes them back to the settings, which the plan has.
func newCaps(s, flags *settings.Caps) (c caps, err error) {
	for _, t := range []struct {
		to          *map[money.Currency]money.Amount
		from, flags *map[money.Currency]string
	}{{&c.ofRecord, &s.Record, &flags.Record}, {&c.ofCustomer, &s.Customer, &flags.Customer}, {&c.ofRun, &s.Run, &flags.Run}} {
		all := maps.Clone(*t.from)
		if all == nil && len(*t.flags) > 0 {
			all = make(map[money.Currency]string)
		}
		maps.Copy(all, *t.flags)
		*t.from, *t.to = all, make(map[money.Currency]money.Amount)
		for cur, text := range all {
			if (*t.to)[cur], err = money.Parse(text, cur); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// over is the cap that an amount is beyond, up or down; empty: it is within.
func over(m map[money.Currency]money.Amount, a money.Amount) string {
	if most, capped := m[a.Currency]; capped && (a.Minor > most.Minor || a.Minor < -most.Minor) {
		return most.WithCode()
	}
	return ""
}

func (c *caps) record(a money.Amount) string   { return over(c.ofRecord, a) }
func (c *caps) customer(a money.Amount) string { return over(c.ofCustomer, a) }

// end checks the whole run.
func (c *caps) end(s *money.Sums, p *problems) {
	for _, a := range s.List() {
		if most := over(c.ofRun, a); most != "" {
			p.add(Problem{Kind: KindRunCap, Text: "all charges together are " + a.WithCode() + ", and a run may be " + most})
		}
	}
}
