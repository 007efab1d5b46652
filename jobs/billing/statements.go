package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/register"
	"brood/jobs/billing/sepa"
	"brood/jobs/billing/statement"
	"brood/jobs/billing/stripe"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// hear reads the files of the other side, and keeps in the register what has come back since the run.
func (w *reconciling) hear(files []string, columns string) ([]statement.Item, error) {
	var where *statement.Columns
	var err error
	if columns != "" {
		if where, err = statement.ParseColumns(columns); err != nil {
			return nil, fmt.Errorf("--map: %w", err)
		}
	}
	known, err := w.count()
	if err != nil {
		return nil, err
	}
	var all []statement.Item
	var events []register.Event
	for _, path := range files {
		items, err := readStatement(path, where)
		if err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
		for i := range items {
			l := items[i].Listed
			if l == nil || !cameBack(l.Status) {
				continue
			}
			if ours := known.Find(l); ours != nil {
				events = append(events, register.Event{Charge: w.ids[ours.Seq], Status: l.Status, Minor: l.Minor, Code: l.Reason, Source: filepath.Base(path), At: l.At})
			}
		}
		all = append(all, items...)
	}
	fresh, err := w.r.Note(w.ctx, events, w.now)
	if err != nil {
		return nil, err
	}
	if fresh > 0 {
		w.f.Say("%s come back, or were rejected, and the register knows it now", charge.Counted(fresh, "charge has", "charges have"))
	}
	return all, nil
}

// list asks the provider for its payments of the plan, and keeps in the register what has become of those that were under
// way, and what has come back.
func (w *reconciling) list(client *stripe.Client) (all []charge.Listed, err error) {
	known, err := w.count()
	if err != nil {
		return nil, err
	}
	var events []register.Event
	err = client.List(w.ctx, w.c.Plan, w.c.Begun.Add(-time.Hour), func(l charge.Listed) error {
		all = append(all, l)
		if ours := known.Find(&l); ours != nil && ours.ProviderID == l.ProviderID && isNews(ours.Status, l.Status) {
			events = append(events, register.Event{Charge: w.ids[ours.Seq], Status: l.Status, Minor: l.Minor, Code: l.Reason, Source: "provider", At: l.At})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the provider's list: %w", err)
	}
	fresh, err := w.r.Note(w.ctx, events, w.now)
	if err != nil {
		return nil, err
	}
	if fresh > 0 {
		w.f.Say("%d charges stand otherwise at the provider since the run, and the register knows it now", fresh)
	}
	return all, nil
}

// isNews reports whether a charge that stood one way has come to stand another way since: one that was under way has ended,
// or money that had come in went back. Anything else is a difference, and for people to look at.
func isNews(was, is charge.Status) bool {
	switch was {
	case charge.Processing, charge.Submitted, charge.RequiresAction:
		return is != was && is != charge.Unknown
	case charge.Succeeded:
		return is == charge.Refunded || is == charge.Disputed
	default:
		return false
	}
}

// cameBack reports whether a status is news of a charge that was submitted.
func cameBack(s charge.Status) bool {
	return s == charge.Returned || s == charge.Disputed || s == charge.Refunded || s == charge.Failed
}

func readStatement(path string, where *statement.Columns) (items []statement.Item, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for item, err := range statement.Read(f, path, where) {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// compareWith takes what the other side has said.
func (w *reconciling) compareWith(heard []statement.Item) error {
	blocks, err := w.blocks()
	if err != nil {
		return err
	}
	for i := range heard {
		switch item := &heard[i]; {
		case item.Listed != nil:
			w.cmp.Theirs(*item.Listed)
		case item.Batch != nil:
			w.takeBatch(item.Batch, blocks[item.Batch.Reference])
		case item.Change != nil:
			c := item.Change
			_, _ = fmt.Fprintf(w.out, "the bank says that the account of %s is to be corrected before the next entry: %s (%s)\n", printable(c.Reference), printable(c.Code), printable(c.Place))
		}
	}
	return nil
}

// block is what was asked for under one name: a payment block, or the whole file.
type block struct {
	minor   int64
	charges []charge.Listed
}

// takeBatch compares a sum that the bank has booked with what was asked for under that name. If it is that, each charge of
// it is there.
func (w *reconciling) takeBatch(b *statement.Batch, ours *block) {
	if ours != nil && (b.Minor == ours.minor || b.Minor == 0) && (b.Count == 0 || b.Count == len(ours.charges)) {
		for _, l := range ours.charges {
			l.Status, l.Reason, l.At, l.Place = b.Status, b.Reason, b.At, b.Place
			w.cmp.Theirs(l)
		}
		return
	}
	w.cmp.Theirs(charge.Listed{Reference: b.Reference, Minor: b.Minor, Currency: b.Currency, Status: b.Status, Reason: b.Reason, At: b.At, Place: b.Place})
}

// blocks are what was asked for, by the names under which a bank may book it.
func (w *reconciling) blocks() (map[string]*block, error) {
	out := make(map[string]*block)
	if w.c.Provider != SEPA {
		return out, nil
	}
	parts, err := os.ReadFile(filepath.Join(w.f.Dir, bankedFile))
	if err != nil || len(parts) != w.c.Count {
		return out, nil // the run is not done: nothing was sent
	}
	amounts := make(map[string]money.Amount)
	for c, err := range chargesOf(w.p) {
		if err != nil {
			return nil, err
		}
		if amounts[c.InvoiceID], err = c.Money(); err != nil {
			return nil, err
		}
	}
	last := byte(0)
	for _, n := range parts {
		last = max(last, n)
	}
	for part := byte(1); part <= last; part++ {
		for _, k := range w.c.bankKinds() {
			f := &sepa.File{Plan: w.c.Plan, Part: int(part) - 1, Created: w.c.Begun, Kind: k.kind, Dir: w.f.Dir, Placed: func(invoice string, at sepa.Place) {
				a := amounts[invoice]
				for _, name := range []string{at.MsgID, at.PmtInfID} {
					if out[name] == nil {
						out[name] = new(block)
					}
					out[name].minor += a.Minor
					out[name].charges = append(out[name].charges, charge.Listed{Reference: invoice, Minor: a.Minor, Currency: string(a.Currency)})
				}
			}}
			if _, err := sepa.Write(io.Discard, f, w.c.Settings, chosen(w.p, k, parts, part)); err != nil && !errors.Is(err, sepa.ErrNothing) {
				return nil, err
			}
		}
	}
	return out, nil
}
