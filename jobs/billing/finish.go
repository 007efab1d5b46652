package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"
)

// finish keeps in the register how the charges of the run stand, and, when the run is done, writes the journal, the
// bank's file and the chain over plan and outcomes.
func finish(f *jobs.Finished) (err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return err
	}
	p, err := planOf(c, f.State)
	if err != nil {
		return err
	}
	ctx := context.Background() // what is written is written
	r, err := register.Open(ctx, f.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := holds(ctx, c, f, r); err != nil {
		if f.Counts.Pending == f.Counts.Input {
			return nil // it was refused, and has done nothing
		}
		return err
	}
	e, err := settle(ctx, c, f, r)
	if err != nil {
		return err
	}
	if !f.Done {
		f.Say("%s", e.tally.String())
		return nil
	}
	amounts, err := e.count(p)
	if err != nil {
		return err
	}
	if err := c.writeBooks(ctx, f, p, r, e); err != nil {
		return err
	}
	f.Say("%s", amounts)
	f.Say("the chain over plan and outcomes ends with %s", e.chain)
	return nil
}

// holds sees that the charges of the plan are those of this run. A run of the name that was begun with the plan before, and
// was removed, is another.
func holds(ctx context.Context, c *config, f *jobs.Finished, r *register.Register) error {
	run, identity, err := r.Holder(ctx, c.owner(), c.Plan)
	if err == nil && (run != f.Run || identity != c.ID) {
		err = errors.New("the register does not have the charges of the plan as those of this run: it was refused them, or the register is an older copy, or another")
	}
	return err
}

// endings are how the charges of a run have ended.
type endings struct {
	status []charge.Status // by position in the plan; "": not yet
	tally  tally
	chain  string
}

// issued reports whether the document of a charge was made.
func (e *endings) issued(seq jobs.Seq) bool {
	return int64(seq) < int64(len(e.status)) && e.status[seq] == charge.Succeeded
}

// tally counts charges by status.
type tally map[charge.Status]int

func (t tally) String() string {
	var parts []string
	for _, s := range charge.Statuses() {
		if n := t[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return "no charge has ended yet"
	}
	return strings.Join(parts, ", ")
}

// settle reads the results once: for the register, for the chain, and for what is written of them.
func settle(ctx context.Context, c *config, f *jobs.Finished, r *register.Register) (*endings, error) {
	e := &endings{status: make([]charge.Status, c.Count), tally: make(tally)}
	w, err := newChainWriter(c.Plan, f.Dir)
	if err != nil {
		return nil, err
	}
	var rows iter.Seq2[*register.Ended, error] = func(yield func(*register.Ended, error) bool) {
		for o, err := range outcomes(f) {
			if err == nil && int64(o.Seq) >= int64(len(e.status)) {
				err = fmt.Errorf("row %d of the results is of record %d, and the plan has %d charges", o.Row, o.Seq, len(e.status))
			}
			if err != nil {
				yield(nil, err)
				return
			}
			e.status[o.Seq] = o.Status
			e.tally[o.Status]++
			w.row(o)
			if !yield(&o.Ended, nil) {
				return
			}
		}
	}
	if f.Counts.Pending == f.Counts.Input || f.Counts.Input == 0 {
		rows = func(func(*register.Ended, error) bool) {} // there are no results yet
	}
	// The file goes first: without the register's word it is only a file.
	if f.Done {
		for _, err := range rows {
			if err != nil {
				return nil, err
			}
		}
		if err := w.put(f.Dir); err != nil {
			return nil, err
		}
		e.chain = w.end()
		e.tally = make(tally)
		if w, err = newChainWriter(c.Plan, f.Dir); err != nil {
			return nil, err
		}
	}
	return e, r.Settle(ctx, c.owner(), c.Plan, e.chain, f.Done && c.Provider == Files, rows, time.Now())
}

// count adds up what has become of the plan, by status and currency.
func (e *endings) count(p *plan.Plan) (string, error) {
	sums := make(map[charge.Status]*money.Sums)
	i := 0
	for c, err := range chargesOf(p) {
		if err != nil {
			return "", err
		}
		amount, err := c.Money()
		if err != nil {
			return "", err
		}
		s := e.status[i]
		i++
		if sums[s] == nil {
			sums[s] = new(money.Sums)
		}
		if err := sums[s].Add(amount); err != nil {
			return "", err
		}
	}
	var parts []string
	for _, s := range charge.Statuses() {
		if sums[s] != nil {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", e.tally[s], s, sums[s].String()))
		}
	}
	return strings.Join(parts, ", "), nil
}

// checkRegister compares the last link with that of the register.
func checkRegister(c *config, f *jobs.Finished, link string) error {
	ctx := context.Background()
	r, err := register.OpenThere(ctx, f.State)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the register of charges is gone: %s", register.Path(f.State))
	}
	if err != nil {
		return err
	}
	kept, run, err := r.Chain(ctx, c.owner(), c.Plan)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if run != f.Run || link == "" || kept != link {
		return errOtherChain
	}
	return nil
}
