package reconcile

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func ours(id string, minor int64, s charge.Status) Ours { //nolint:unparam // beside theirs
	return Ours{Invoice: "R-1", ProviderID: id, Amount: eur(minor), Status: s}
}

func theirs(reference, id string, minor int64, s charge.Status) charge.Listed {
	return charge.Listed{Reference: reference, ProviderID: id, Minor: minor, Currency: "eur", Status: s}
}

func TestReport(t *testing.T) {
	for _, c := range []struct {
		name    string
		ours    []Ours
		theirs  []charge.Listed
		partial bool
		want    []Kind
		matched int
	}{
		{"all there", []Ours{ours("pi_1", 100, charge.Succeeded)}, []charge.Listed{theirs("R-1", "pi_1", 100, charge.Succeeded)}, false, nil, 1},
		{"by reference", []Ours{ours("", 100, charge.Submitted)}, []charge.Listed{theirs("R-1", "bank-7", 100, charge.Succeeded)}, false, nil, 1},
		{"missing", []Ours{ours("pi_1", 100, charge.Succeeded)}, []charge.Listed{}, false, []Kind{Missing}, 0},
		{"not in this statement", []Ours{ours("", 100, charge.Submitted)}, []charge.Listed{}, true, nil, 0},
		{"extra", nil, []charge.Listed{theirs("R-9", "pi_9", 1, charge.Succeeded)}, false, []Kind{Extra}, 0},
		{"declined there and strange", nil, []charge.Listed{theirs("R-9", "pi_9", 1, charge.Declined)}, false, nil, 0},
		{"declined here, paid there", []Ours{ours("pi_1", 100, charge.Declined)}, []charge.Listed{theirs("R-1", "pi_1", 100, charge.Succeeded)}, false, []Kind{Extra}, 0},
		{"declined on both sides", []Ours{ours("pi_1", 100, charge.Declined)}, []charge.Listed{theirs("R-1", "pi_1", 100, charge.Declined)}, false, nil, 0},
		{"paid here, declined there", []Ours{ours("pi_1", 100, charge.Succeeded)}, []charge.Listed{theirs("R-1", "pi_1", 100, charge.Declined)}, false, []Kind{Otherwise}, 0},
		{"another amount", []Ours{ours("pi_1", 100, charge.Succeeded)}, []charge.Listed{theirs("R-1", "pi_1", 101, charge.Succeeded)}, false, []Kind{Amount}, 0},
		{"twice", []Ours{ours("pi_1", 100, charge.Succeeded)}, []charge.Listed{theirs("R-1", "pi_1", 100, charge.Succeeded), theirs("R-1", "pi_2", 100, charge.Succeeded)}, false, []Kind{Twice}, 1},
		{"a debit and its return", []Ours{ours("", 100, charge.Submitted)}, []charge.Listed{theirs("R-1", "", 100, charge.Succeeded), theirs("R-1", "", 100, charge.Returned)}, true, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmp := New()
			cmp.Partial = c.partial
			for _, o := range c.ours {
				if err := cmp.Plan(o); err != nil {
					t.Fatal(err)
				}
			}
			cmp.Asked()
			for _, l := range c.theirs {
				cmp.Theirs(l)
			}
			r := cmp.Report()
			var got []Kind
			for i := range r.Differences {
				got = append(got, r.Differences[i].Kind)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) || r.Matched != c.matched {
				t.Errorf("%v, %d matched", r.Differences, r.Matched)
			}
			if r.Balanced() != (len(c.want) == 0) {
				t.Error(r.Why())
			}
		})
	}
}

// TestOpen does not balance while anything is unknown or pending.
func TestOpen(t *testing.T) {
	for _, s := range []charge.Status{charge.Unknown, ""} {
		c := New()
		if err := c.Plan(ours("", 100, s)); err != nil {
			t.Fatal(err)
		}
		if why := c.Report().Why(); len(why) != 1 || !strings.Contains(why[0], "EUR=1.00") {
			t.Errorf("%q: %v", s, why)
		}
	}
}

// TestAddsUp has the lines add up to the plan, whatever becomes of the charges.
func TestAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New()
		n := rapid.IntRange(0, 50).Draw(t, "n")
		open := false
		for i := range n {
			s := rapid.SampledFrom(append(charge.Statuses(), "")).Draw(t, "status")
			open = open || s == "" || s == charge.Unknown
			cur := rapid.SampledFrom([]money.Currency{"EUR", "JPY", "KWD"}).Draw(t, "currency")
			amount := money.Amount{Minor: rapid.Int64Range(1, 1e12).Draw(t, "minor"), Currency: cur}
			if err := c.Plan(Ours{Invoice: fmt.Sprint("R-", i), Amount: amount, Status: s}); err != nil {
				t.Fatal(err)
			}
		}
		r := c.Report()
		count := 0
		var sums money.Sums
		for i := range r.Lines {
			count += r.Lines[i].Count
			if err := sums.AddAll(&r.Lines[i].Sums); err != nil {
				t.Fatal(err)
			}
		}
		if count != n || !sums.Equal(&r.Planned.Sums) {
			t.Fatalf("%d of %d, %s of %s", count, n, sums.String(), r.Planned.Sums.String())
		}
		if r.Balanced() == open {
			t.Fatal(r.Why())
		}
	})
}
