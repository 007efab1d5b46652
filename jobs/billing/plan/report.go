package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Report is what is told of a plan, or why there is none.
type Report struct {
	Hash, Path  string // empty: there is no plan
	Provider    string
	Account     string
	Mode        Mode
	Scope       string
	What        charge.Kind // of all charges
	Sources     []Source
	Count       int
	ByCurrency  []Total
	Sums        money.Sums
	Customers   int
	New         int // customers who were not in the previous plan
	HasPrevious bool
	Refused     int
	Kinds       []Count
	First       []Problem // the first refusals
	Warned      []Problem // the first warnings
	Largest     []Large   // of each currency
	Approval    bool      // a second person has to sign
}

// Total is what a currency comes to.
type Total struct {
	Sum   money.Amount
	Count int
}

// Count is how many there are of a kind.
type Count struct {
	Kind  Kind
	Count int
}

// fill takes over what the builder knows.
func (r *Report) fill(b *builder, h *Header) {
	r.Provider, r.Account, r.Mode, r.Scope, r.What, r.Sources = h.Provider, h.Account, h.Mode, h.Scope, h.Kind, h.Sources
	r.Count, r.Sums, r.Customers, r.Refused = b.writer.Count(), *b.writer.Sums(), len(b.people.list), b.problems.refused
	r.HasPrevious, r.Approval = b.previous != nil, b.settings.Approval.Required
	for _, k := range b.problems.kinds() {
		r.Kinds = append(r.Kinds, Count{k, b.problems.counts[k]})
	}
	r.First, r.Warned = b.problems.first, b.problems.warned
	// An invoice is looked at when its last row is there, and a row by itself before.
	for _, list := range [][]Problem{r.First, r.Warned} {
		slices.SortStableFunc(list, func(x, y Problem) int {
			at := func(p Problem) int {
				return slices.IndexFunc(h.Sources, func(s Source) bool { return s.Name == p.File })
			}
			return cmp.Or(cmp.Compare(at(x), at(y)), cmp.Compare(x.Line, y.Line))
		})
	}
	for _, cur := range sorted(b.amounts.of) {
		o := b.amounts.of[cur]
		sum, _ := r.Sums.Of(cur)
		r.ByCurrency = append(r.ByCurrency, Total{sum, len(o.all)})
		r.Largest = append(r.Largest, o.largest...)
	}
}

// Print writes the report for people. Numbers of accounts are masked, and what came from the rows cannot move a terminal.
func (r *Report) Print(out io.Writer) error {
	p := &printer{out: out}
	r.head(p)
	r.totals(p)
	r.problems(p)
	r.largest(p)
	r.what(p)
	return p.err
}

// printer keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// table prints rows whose cells are separated by tabs.
func (p *printer) table(flags uint, rows func(row func(format string, args ...any))) {
	if p.err != nil {
		return
	}
	end := "\n"
	if flags == tabwriter.AlignRight { // which is of cells that are ended
		end = "\t\n"
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', flags)
	rows(func(format string, args ...any) {
		if p.err == nil {
			_, p.err = fmt.Fprintf(w, "  "+format+end, args...)
		}
	})
	if err := w.Flush(); p.err == nil {
		p.err = err
	}
}

func (r *Report) head(p *printer) {
	scope := r.Scope
	if scope == "" {
		scope = "?"
	}
	p.line("Plan of %s, account %s, %s, for %s", r.Provider, printable(r.Account), r.Mode, printable(scope))
	for _, s := range r.Sources {
		p.line("  %s: %s, sha256 %s", printable(s.Name), charge.Counted(s.Rows, "row", "rows"), s.SHA256)
	}
}

// things says how many charges, or what else is in the plan.
func things(of charge.Kind, n int) string {
	switch of {
	case charge.KindCreditNote:
		return charge.Counted(n, "credit note", "credit notes")
	case charge.KindPayout:
		return charge.Counted(n, "payout", "payouts")
	default:
		return charge.Counted(n, "charge", "charges")
	}
}

func (r *Report) totals(p *printer) {
	p.line("")
	p.line("%s of %s", things(r.What, r.Count), charge.Counted(r.Customers, "customer", "customers"))
	if r.HasPrevious {
		p.line("  %d of the customers are not in the previous plan", r.New)
	}
	p.table(tabwriter.AlignRight, func(row func(string, ...any)) {
		for _, t := range r.ByCurrency {
			row("%s\t%d\t%s", t.Sum.Currency, t.Count, t.Sum)
		}
	})
}

func (r *Report) problems(p *printer) {
	if len(r.Kinds) > 0 {
		p.line("")
		p.table(0, func(row func(string, ...any)) {
			for _, k := range r.Kinds {
				weight := "REFUSED"
				if Warns(k.Kind) {
					weight = "warning"
				}
				row("%s\t%d\t%s: %s", weight, k.Count, k.Kind, Meaning(k.Kind))
			}
		})
	}
	list := func(title string, all []Problem) {
		if len(all) == 0 {
			return
		}
		p.line("")
		p.line("%s", title)
		for i := range all {
			p.line("  %s", all[i].String())
		}
	}
	list("Refused, the first:", r.First)
	list("Warnings, the first of each kind:", r.Warned)
}

func (r *Report) largest(p *printer) {
	if len(r.Largest) == 0 {
		return
	}
	p.line("")
	p.line("The largest:")
	p.table(0, func(row func(string, ...any)) {
		for _, l := range r.Largest {
			row("%s\t%s\t%s\t%s", l.Amount.WithCode(), printable(l.Invoice), printable(l.Customer), printable(l.Place))
		}
	})
}

// what says what to do next.
func (r *Report) what(p *printer) {
	p.line("")
	if r.Hash == "" {
		p.line("There is no plan: %s it. Nothing was written.", charge.Counted(r.Refused, "problem refuses", "problems refuse"))
		return
	}
	p.line("Plan %s", r.Hash)
	p.line("  in %s", printable(r.Path))
	if r.Approval {
		p.line("A second person has to sign it:\n  echo %s | ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n brood-plan > plan.sig", r.Hash)
	}
	p.line("Nothing has been charged. To do so, look at the sums, and type them:")
	more := ""
	if r.Mode == Live && r.Provider == Stripe {
		more = " --live"
	}
	if r.Approval {
		more += " --approve-by plan.sig"
	}
	p.line("  brood run billing --plan %s --expect-count %d --expect-sum %s%s -o results.csv", r.Hash[:12], r.Count, &r.Sums, more)
}
