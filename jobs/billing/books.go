package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/journal"
	"brood/jobs/billing/money"
	"brood/jobs/billing/nacha"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/billing/sepa"
	"brood/jobs/files"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// writeBooks writes what follows from a run that is done: the journal, and the bank's files. It may be called again, and
// writes the same.
func (c *config) writeBooks(ctx context.Context, f *jobs.Finished, p *plan.Plan, r *register.Register, e *endings) error {
	if err := c.writeJournal(ctx, f.Dir, p, r); err != nil {
		return err
	}
	if c.Provider == SEPA || c.Provider == NACHA {
		return c.writeBankFiles(f, p, e)
	}
	return nil
}

// writeJournal writes the journal as the register has it now.
func (c *config) writeJournal(ctx context.Context, dir string, p *plan.Plan, r *register.Register) error {
	list, err := r.Standings(ctx, c.owner(), c.Plan)
	if err != nil {
		return err
	}
	if len(list) != c.Count {
		return fmt.Errorf("the register has %d charges of the plan, which has %d: put it back from a copy", len(list), c.Count)
	}
	back, err := r.Refunded(ctx, c.owner(), c.Plan)
	if err != nil {
		return err
	}
	f, err := files.Create(c.Journal, 0o600)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	sum, err := fill(f, func(w io.Writer) error { return journal.Write(w, c.Settings, c.entries(p, list, back)) })
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return putOwn(f, dir, c.Journal, sum)
}

// replace writes a file whole, in the place of what is there, or leaves it. It returns the SHA-256.
func replace(path string, write func(io.Writer) error) (string, error) {
	f, err := files.Create(path, 0o600)
	if err != nil {
		return "", err
	}
	sum, err := fill(f, write)
	if err != nil {
		return "", err
	}
	return sum, f.Put(path)
}

// fill writes a file that is put in its place later, or discards it. It returns the SHA-256.
func fill(f *files.New, write func(io.Writer) error) (string, error) {
	h := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, h), 64<<10)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return "", errors.Join(err, f.Discard())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// entries are the charges of a plan with what the register knows of them, for the journal.
func (c *config) entries(p *plan.Plan, list []register.Standing, back map[uint64]int64) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		day := c.today()
		i := 0
		for ch, err := range chargesOf(p) {
			if err != nil {
				yield(journal.Entry{}, err)
				return
			}
			l := list[i]
			ch.Number = l.Number
			if ch.InvoiceDate == "" && ch.ChargeDate == "" {
				ch.InvoiceDate = day
			}
			// A document moves no money: what it asks for is receivable.
			e := journal.Entry{Charge: ch, Status: l.Status, Unpaid: c.Provider == Files}
			if minor := back[uint64(i)]; minor > 0 {
				e.Refunded = money.Amount{Minor: minor, Currency: ch.Currency}
			}
			i++
			if !yield(e, nil) {
				return
			}
		}
	}
}

// bankedFile says, in the directory of a run, in which part of the bank's files each charge stands: a byte each, 0 for none. A
// charge that has come well out of a later session goes into a file of its own, as the bank has the first one.
const bankedFile = "billing.banked"

// mostParts is how many files there may be for one plan.
const mostParts = 36 // what a NACHA file's modifier can tell apart

// bankKind is one kind of charges that have files of their own.
type bankKind struct {
	kind charge.Kind
	end  string // of the file's name, before its extension
	// prenotes says that it is a file of entries over nothing, which goes to the bank three banking days before the other.
	prenotes bool
}

// writeBankFiles writes the charges that ended well, those that are not in a file yet into a new one. What was written
// before is written again as it was.
func (c *config) writeBankFiles(f *jobs.Finished, p *plan.Plan, e *endings) error {
	path := filepath.Join(f.Dir, bankedFile)
	part, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		part, err = make([]byte, c.Count), nil
	}
	if err != nil {
		return err
	}
	if len(part) != c.Count {
		return fmt.Errorf("%s has %d bytes, and the plan has %d charges: put it back from a copy", path, len(part), c.Count)
	}
	last := byte(0)
	for _, n := range part {
		last = max(last, n)
	}
	fresh := false
	for i, n := range part {
		if n == 0 && e.status[i] == charge.Submitted {
			part[i], fresh = last+1, true
		}
	}
	if fresh {
		if last++; last > mostParts {
			return fmt.Errorf("there would be more than %d files for one plan", mostParts)
		}
		if err := files.Write(path, part, 0o600); err != nil {
			return err
		}
	}
	for n := byte(1); n <= last; n++ {
		if holdsForgotten(p, part, n) {
			continue // it cannot be written again as the bank has it
		}
		for _, k := range c.bankKinds() {
			if err := c.writeBankFile(f, p, k, part, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdsForgotten reports whether a charge in a part was forgotten.
func holdsForgotten(p *plan.Plan, parts []byte, part byte) bool {
	for seq, n := range parts {
		if n == part && p.HasForgotten(jobs.Seq(seq)) {
			return true
		}
	}
	return false
}

// placesAreFree refuses a run whose journal or bank's file would be written over another's: of a run that is booked, or that the bank may
// not have yet. The run that has the plan already writes its own again.
func (c *config) placesAreFree(ctx context.Context, r *register.Register) error {
	if run, _, err := r.Holder(ctx, c.owner(), c.Plan); err != nil || run != "" {
		return err
	}
	if c.Journal != "" && exists(c.Journal) {
		return fmt.Errorf("there is a file %s already, and a journal is of one run: give this run another with --journal, and have a file of yours include both, as hledger and ledger can", c.Journal)
	}
	if c.BankFile == "" {
		return nil
	}
	for _, k := range c.bankKinds() {
		if path := c.bankPath(k, 1); exists(path) {
			return fmt.Errorf("there is a file %s already, and the bank may not have it yet: give this run another with --bank-file, or move that one", path)
		}
	}
	return nil
}

// bankKinds are the kinds that have files of their own.
func (c *config) bankKinds() []bankKind {
	if c.Provider == NACHA {
		kinds := []bankKind{{}} // debits and credits stand in one
		if c.Settings.NACHA.Prenotes {
			kinds = append(kinds, bankKind{end: "-prenotes", prenotes: true})
		}
		return kinds
	}
	return []bankKind{{kind: charge.KindCharge}, {kind: charge.KindPayout, end: "-transfers"}}
}

// bankPath is where a part of a kind is written.
func (c *config) bankPath(k bankKind, part byte) string {
	ext := filepath.Ext(c.BankFile)
	path := strings.TrimSuffix(c.BankFile, ext) + k.end
	if part > 1 {
		path += fmt.Sprintf("-%d", part)
	}
	return path + ext
}

// writeBankFile writes one part, unless nothing is in it.
func (c *config) writeBankFile(f *jobs.Finished, p *plan.Plan, k bankKind, parts []byte, part byte) error {
	path := c.bankPath(k, part)
	out, err := files.Create(path, 0o600)
	if err != nil {
		return fmt.Errorf("write the bank's file: %w", err)
	}
	h := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(out, h), 64<<10)
	text, err := c.writePart(w, p, k, parts, part, f)
	if errors.Is(err, sepa.ErrNothing) || errors.Is(err, nacha.ErrNothing) {
		return out.Discard()
	}
	if err = errors.Join(err, w.Flush()); err != nil {
		return errors.Join(fmt.Errorf("write the bank's file %s: %w", path, err), out.Discard())
	}
	if err := putOwn(out, f.Dir, path, hex.EncodeToString(h.Sum(nil))); err != nil {
		return fmt.Errorf("write the bank's file: %w", err)
	}
	f.Say("%s: %s, SHA-256 %x", path, text, h.Sum(nil))
	return nil
}

// writePart writes the charges of a part, and says in words what it holds.
func (c *config) writePart(w io.Writer, p *plan.Plan, k bankKind, parts []byte, part byte, f *jobs.Finished) (string, error) {
	entries := chosen(p, k, parts, part)
	note := func(invoice, text string) { f.Say("invoice %s: %s", printable(invoice), printable(text)) }
	if c.Provider == SEPA {
		done, err := sepa.Write(w, &sepa.File{Plan: c.Plan, Part: int(part) - 1, Created: c.Begun, Kind: k.kind, Dir: f.Dir, Note: note}, c.Settings, entries)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %s, %s, EUR %s", done.Version, done.MsgID, charge.Counted(done.Count, "entry", "entries"), money.Format(done.Minor, 2)), nil
	}
	done, err := nacha.Write(w, &nacha.File{Created: c.Begun, Modifier: modifier(part), Prenotes: k.prenotes, Dir: f.Dir, Note: note}, c.Settings, entries)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, debits USD %s, credits USD %s, entry hash %d", charge.Counted(done.Count, "entry", "entries"), money.Format(done.Debit, 2), money.Format(done.Credit, 2), done.Hash), nil
}

// chosen are the charges of a part and a kind.
func chosen(p *plan.Plan, k bankKind, parts []byte, part byte) iter.Seq2[*charge.Charge, error] {
	return func(yield func(*charge.Charge, error) bool) {
		i := 0
		for ch, err := range chargesOf(p) {
			if err != nil {
				yield(nil, err)
				return
			}
			in := parts[i] == part && (k.kind == "" || ch.Kind == k.kind)
			i++
			if in && !yield(ch, nil) {
				return
			}
		}
	}
}

// modifier tells the parts apart: A to Z, then 0 to 9.
func modifier(part byte) byte {
	if part <= 26 {
		return 'A' + part - 1
	}
	return '0' + part - 27
}

// references are what a charge may be called in a bank's statement.
func (w *reconciling) references(c *charge.Charge) []string {
	switch w.c.Provider {
	case SEPA:
		id, _ := sepa.EndToEndID(c)
		return []string{id}
	case NACHA:
		id, _ := nacha.Reference(c)
		return []string{id}
	default:
		return nil
	}
}

// today is the day in the seller's zone on which the run was begun.
func (c *config) today() string {
	zone, err := time.LoadLocation(c.Settings.Zone)
	if err != nil {
		zone = time.UTC
	}
	return c.Begun.In(zone).Format(time.DateOnly)
}
