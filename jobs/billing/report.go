package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/reconcile"
	"brood/jobs/billing/register"
	"brood/jobs/figures"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mostTold is how many charges of each kind are listed in a report.
const mostTold = 50

// report is what stands in the report of a billing run: plan against outcome in money, what is not paid, the files, and who signs
// for it. It goes by the register, which knows what came back later.
func report(f *jobs.Finished) (sections []figures.Section, err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	r, err := register.OpenThere(ctx, f.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the register of charges is gone: %s", register.Path(f.State))
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	list, err := r.Charges(ctx, c.owner(), c.Plan)
	if err != nil {
		return nil, err
	}
	link, _, err := r.Chain(ctx, c.owner(), c.Plan)
	if err != nil {
		return nil, err
	}
	voids, err := r.Voids(ctx, c.owner(), c.Plan)
	if err != nil {
		return nil, err
	}
	outcome, err := outcomeSection(c, list)
	if err != nil {
		return nil, err
	}
	written := c.filesSection(voids)
	return []figures.Section{outcome, unpaidSection(list), written, c.signSection(f, link, written.Facts)}, nil
}

// outcomeSection is the plan against what has become of it, by currency.
func outcomeSection(c *config, list []*register.Charge) (figures.Section, error) {
	cmp := reconcile.New()
	for _, l := range list {
		s := l.Status
		if !known(s) {
			s = reconcile.Pending
		}
		err := cmp.Plan(reconcile.Ours{Invoice: l.Invoice, Amount: money.Amount{Minor: l.Minor, Currency: money.Currency(l.Currency)}, Status: s})
		if err != nil {
			return figures.Section{}, err
		}
	}
	rep := cmp.Report()
	t := figures.Table{Columns: []figures.Heading{{Name: "outcome"}, {Name: "charges", Number: true}}}
	currencies := rep.Planned.Sums.List()
	for _, a := range currencies {
		t.Columns = append(t.Columns, figures.Heading{Name: string(a.Currency), Number: true})
	}
	row := func(name string, l *reconcile.Line) []string {
		out := []string{name, strconv.Itoa(l.Count)}
		for _, a := range currencies {
			if sum, ok := l.Sums.Of(a.Currency); ok {
				out = append(out, sum.String())
			} else {
				out = append(out, "")
			}
		}
		return out
	}
	bars := figures.Bars{Title: "Charges by outcome"}
	for i := range rep.Lines {
		l := &rep.Lines[i]
		t.Rows = append(t.Rows, row(string(l.Status), l))
		bars.Bars = append(bars.Bars, figures.Bar{Name: string(l.Status), Text: strconv.Itoa(l.Count), Parts: []figures.Part{{Amount: float64(l.Count), Tint: tintOf(l.Status)}}})
	}
	t.Total = row("planned", &rep.Planned)
	s := figures.Section{
		Title: "Plan and outcome",
		Facts: []figures.Fact{
			{Name: "Plan", Value: c.Plan},
			{Name: "Provider", Value: string(c.Provider) + ", account " + c.Account + ", " + string(c.Mode)},
			{Name: "Scope", Value: c.Scope},
			{Name: "Begun", Value: c.Begun.Format(time.RFC3339) + " by " + c.Who},
		},
		Bars: []figures.Bars{bars}, Tables: []figures.Table{t},
	}
	if c.Signed != "" {
		s.Facts = append(s.Facts, figures.Fact{Name: "Approved by", Value: c.Signed})
	}
	balance := figures.Fact{Name: "Balance", Value: "the outcomes add up to the plan, and none is open", Tint: figures.TintGood}
	if why := rep.Why(); len(why) > 0 {
		balance.Value, balance.Tint = strings.Join(why, "; "), figures.TintBad
	}
	s.Facts = append(s.Facts, balance)
	return s, nil
}

func tintOf(s charge.Status) figures.Tint {
	switch s {
	case charge.Succeeded:
		return figures.TintGood
	case charge.Submitted, charge.Processing, charge.SkippedDuplicate, charge.RequiresAction, charge.Refunded:
		return figures.TintMeh
	case charge.Unknown:
		return figures.TintDoubt
	case charge.Declined, charge.Failed, charge.Returned, charge.Disputed:
		return figures.TintBad
	default:
		return figures.TintSoft
	}
}

// unpaidSection lists the charges of which no money has come, or has gone back.
func unpaidSection(list []*register.Charge) figures.Section {
	s := figures.Section{Title: "Charges to look at"}
	for _, status := range []charge.Status{charge.Unknown, charge.RequiresAction, charge.Declined, charge.Failed, charge.Returned, charge.Disputed} {
		t := figures.Table{Title: string(status), Columns: []figures.Heading{{Name: "invoice"}, {Name: "customer"}, {Name: "amount", Number: true}, {Name: "code"}, {Name: "at the provider"}}}
		for _, l := range list {
			if l.Status != status {
				continue
			}
			if len(t.Rows) == mostTold {
				t.Left++
				continue
			}
			a := money.Amount{Minor: l.Minor, Currency: money.Currency(l.Currency)}
			t.Rows = append(t.Rows, []string{l.Invoice, l.Customer, a.WithCode(), l.Code, l.ProviderID})
		}
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	if len(s.Tables) == 0 {
		s.Text = []string{"None."}
	}
	return s
}

// filesSection is what was written beside the results, with its hash.
func (c *config) filesSection(voids []register.Void) figures.Section {
	s := figures.Section{Title: "Files"}
	add := func(name, path string) {
		if path == "" {
			return
		}
		sum, err := sumOf(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return // it is written when the run is done
		case err != nil:
			s.Facts = append(s.Facts, figures.Fact{Name: name, Value: err.Error(), Tint: figures.TintBad})
		default:
			s.Facts = append(s.Facts, figures.Fact{Name: name, Value: filepath.Base(path) + ", SHA-256 " + sum})
		}
	}
	add("Journal", c.Journal)
	if c.BankFile != "" {
		for _, k := range c.bankKinds() {
			for part := range byte(mostParts) {
				add("Bank's file", c.bankPath(k, part+1))
			}
		}
	}
	if c.Invoices != "" {
		s.Facts = append(s.Facts, figures.Fact{Name: "Invoices", Value: filepath.Base(c.Invoices)})
	}
	if len(voids) > 0 {
		t := figures.Table{Title: "Numbers that are void", Columns: []figures.Heading{{Name: "number"}, {Name: "invoice"}, {Name: "why"}}}
		for _, v := range voids {
			if len(t.Rows) == mostTold {
				t.Left++
				continue
			}
			t.Rows = append(t.Rows, []string{v.Number, v.Invoice, v.Reason})
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

func sumOf(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// signSection is for those who sign.
func (c *config) signSection(f *jobs.Finished, link string, written []figures.Fact) figures.Section {
	over := []figures.Fact{{Name: "Charges", Value: strconv.Itoa(c.Count)}, {Name: "Sums", Value: strings.ReplaceAll(c.Sums, ",", ", ")}, {Name: "Plan", Value: c.Plan}}
	if link != "" {
		over = append(over, figures.Fact{Name: "Last link over plan and outcomes", Value: link})
	}
	for _, w := range written {
		if w.Name == "Bank's file" {
			over = append(over, w)
		}
	}
	s := figures.Section{Title: "Signatures", Signatures: []figures.Signature{{Role: "Run by", Name: c.Who, Over: over}, {Role: "Approved by", Name: c.Signed}}}
	if !f.Done {
		s.Notes = []string{"The run is not done: there is nothing to sign for yet."}
	}
	return s
}
