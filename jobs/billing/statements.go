package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/reconcile"
	"brood/jobs/billing/register"
	"brood/jobs/billing/sepa"
	"brood/jobs/billing/statement"
	"brood/jobs/billing/stripe"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// heard is what files of the other side say: payments, those of sums that they have booked among them, and corrected accounts.
type heard struct {
	payments []charge.Listed
	changes  []*statement.Change
}

// hear reads the files of the other side, and keeps in the register what has become of charges since the run: what was booked,
// and then what has come back. A file that is named twice, or is there under two names, is read once.
func (w *reconciling) hear(files []string, columns string) (*heard, error) {
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
	blocks, err := w.blocks()
	if err != nil {
		return nil, err
	}
	all := new(heard)
	var booked, back []register.Event
	read := make(map[string]string) // path by SHA-256
	for _, path := range files {
		sum, err := w.identify(path)
		if err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
		if first, twice := read[sum]; twice {
			w.f.Say("%s has the same bytes as %s, and is read once", path, first)
			continue
		}
		read[sum] = path
		items, err := readStatement(path, where)
		if err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
		for i := range items {
			if items[i].Change != nil {
				all.changes = append(all.changes, items[i].Change)
			}
			for _, l := range paymentsOf(&items[i], blocks) {
				ours := known.Find(&l)
				l.Status = meaning(&items[i], &l, ours, w.p.Header.Kind)
				all.payments = append(all.payments, l)
				if ours == nil || w.c.Provider == Files || !isHeard(ours, &l) { // a document is no payment
					continue
				}
				e := register.Event{Charge: w.ids[ours.Seq], Status: l.Status, Minor: l.Minor, Code: l.Reason, Source: "sha256:" + sum, At: l.At}
				if l.Status == charge.Succeeded {
					booked = append(booked, e)
				} else {
					back = append(back, e)
				}
			}
		}
	}
	return all, w.note(booked, back)
}

// note keeps what was booked, and then what has come back, in whichever order the files said it.
func (w *reconciling) note(booked, back []register.Event) error {
	fresh, err := w.r.Note(w.ctx, booked, w.now)
	if err != nil {
		return err
	}
	if fresh > 0 {
		w.f.Say("%s booked, and the register knows it now", charge.Counted(fresh, "charge was", "charges were"))
	}
	if fresh, err = w.r.Note(w.ctx, back, w.now); err != nil {
		return err
	}
	if fresh > 0 {
		w.f.Say("%s come back, or were rejected, and the register knows it now", charge.Counted(fresh, "charge has", "charges have"))
	}
	return nil
}

// identify is the SHA-256 of a file of the other side: by that it is the same whatever it is called. The run's own results are none.
func (w *reconciling) identify(path string) (string, error) {
	if mine, err := os.Stat(w.f.Output); err == nil {
		if is, err := os.Stat(path); err == nil && os.SameFile(mine, is) {
			return "", fmt.Errorf("%s has the results of this run, and is not what the other side says", path)
		}
	}
	return sumOf(path)
}

// meaning is what a payment of the other side says of a charge. What is booked the other way than the charges of the plan go, in full,
// has come back, whichever code the bank gives it; a part of it may be a fee, and is left to people.
func meaning(i *statement.Item, l *charge.Listed, ours *reconcile.Ours, kind charge.Kind) charge.Status {
	out := kind == charge.KindPayout || kind == charge.KindCreditNote
	if i.Booked && l.Status == charge.Succeeded && i.Debit != out && (ours == nil || l.Minor >= ours.Amount.Minor) {
		return charge.Returned
	}
	return l.Status
}

// isHeard reports whether a payment of a bank's file is news of a charge, as it stands:
//
//	submitted, processing   succeeded, if it was booked in its amount (a report without amounts says none); returned, disputed, refunded or failed
//	succeeded               returned, disputed or refunded
//
// Anything else is a difference, and for people to look at. What has come back is not booked again by an older statement.
func isHeard(ours *reconcile.Ours, l *charge.Listed) bool {
	pending := ours.Status == charge.Submitted || ours.Status == charge.Processing
	switch l.Status {
	case charge.Succeeded:
		return pending && (l.Minor == 0 || l.Minor == ours.Amount.Minor && strings.EqualFold(l.Currency, string(ours.Amount.Currency)))
	case charge.Failed:
		return pending
	case charge.Returned, charge.Disputed, charge.Refunded:
		return pending || ours.Status == charge.Succeeded
	default:
		return false
	}
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
func (w *reconciling) compareWith(h *heard) {
	for i := range h.payments {
		w.cmp.Theirs(h.payments[i])
	}
	for _, c := range h.changes {
		_, _ = fmt.Fprintf(w.out, "the bank says that the account of %s is to be corrected before the next entry: %s (%s)\n", printable(c.Reference), printable(c.Code), printable(c.Place))
	}
}

// block is what was asked for under one name: a payment block, or the whole file.
type block struct {
	minor   int64
	charges []charge.Listed
}

// paymentsOf are those that an item tells of. A sum that the bank has booked, or judged, stands for each charge that was asked for under its
// name, if it is what they add up to; if not it is one payment that nobody knows.
func paymentsOf(i *statement.Item, blocks map[string]*block) []charge.Listed {
	if i.Listed != nil {
		return []charge.Listed{*i.Listed}
	}
	b := i.Batch
	if b == nil {
		return nil
	}
	ours := blocks[b.Reference]
	if ours == nil || b.Minor != ours.minor && b.Minor != 0 || b.Count != len(ours.charges) && b.Count != 0 {
		return []charge.Listed{{Reference: b.Reference, Minor: b.Minor, Currency: b.Currency, Status: b.Status, Reason: b.Reason, At: b.At, Place: b.Place}}
	}
	out := slices.Clone(ours.charges)
	for j := range out {
		out[j].Status, out[j].Reason, out[j].At, out[j].Place = b.Status, b.Reason, b.At, b.Place
	}
	return out
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
