package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/invoice"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// numbersFile has, in the directory of the run, a cell for each charge, in the order of the plan: its fingerprint, so that
// nothing is done but what was planned, and the number of its document, filled up with zeros.
const (
	numbersFile = "billing.numbers"
	printCell   = sha256.Size
	numberCell  = 64
)

// begin takes all charges of the plan for the run, and the numbers of its documents, before the first leaves.
func begin(f *jobs.Finished) (err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return err
	}
	p, err := plan.Find(f.State, c.Plan)
	if err != nil {
		return err
	}
	if p.Hash() != c.Plan {
		return fmt.Errorf("the run is one of plan %s, and %s is %s", c.Plan, p.Path(), p.Hash())
	}
	ctx := context.Background() // it is short, and is done or not
	r, err := register.Open(ctx, f.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if c.Dunning != "" {
		if err := checkDunning(ctx, c, p, r, time.Now()); err != nil {
			return err
		}
	}
	take := &register.Plan{Owner: c.owner(), Hash: c.Plan, Scope: c.Scope, Run: f.Run, Identity: c.ID, Dunning: c.Dunning != ""}
	for _, s := range p.Header.Sources {
		take.Sources = append(take.Sources, s.SHA256)
	}
	numbers, err := newNumbering(c, f.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, numbers.discard()) }()
	take.Numbered = numbers.add
	if c.Provider == Files {
		take.Number, take.Format = numbers.series, numbers.format
		if p.Forgotten() == 0 { // otherwise the font would lack characters that documents were made with
			err = prepareDocuments(c, p, f.State)
		}
		if err != nil {
			return err
		}
	}
	if err := c.placesAreFree(ctx, r); err != nil {
		return err
	}
	var out barred
	take.Barred = out.add
	take.Ready = func() error { return errors.Join(out.put(f.Dir), numbers.put(), c.makeInvoiceDir()) }
	return r.Take(ctx, take, chargesOf(p), time.Now())
}

// makeInvoiceDir makes the directory of the documents, of a run that has its charges.
func (c *config) makeInvoiceDir() error {
	if c.Provider != Files {
		return nil
	}
	if err := os.MkdirAll(c.Invoices, 0o700); err != nil {
		return fmt.Errorf("make the directory of the invoices: %w", err)
	}
	return nil
}

// prepareDocuments makes what the documents of a plan are made with: a font with its characters.
func prepareDocuments(c *config, p *plan.Plan, state string) error {
	path := ""
	if c.Settings.Invoice.FontSum != "" {
		path = plan.FontPath(state, c.Plan)
	}
	font, sum, err := invoice.Font(path)
	if err != nil {
		return err
	}
	if sum != c.Settings.Invoice.FontSum {
		return fmt.Errorf("the font %s is not the one that the plan was made with", path)
	}
	letters, err := invoice.NewAlphabet(font, c.Settings)
	if err != nil {
		return err
	}
	for ch, err := range chargesOf(p) {
		if err != nil {
			return err
		}
		letters.Add(ch) // what the font cannot draw was said by the plan, and fails that charge
	}
	return letters.Write(c.PlanDir)
}

// chargesOf walks over the charges of a plan.
func chargesOf(p *plan.Plan) iter.Seq2[*charge.Charge, error] {
	return func(yield func(*charge.Charge, error) bool) {
		stop := errors.New("no more")
		err := p.Each(func(c *charge.Charge) error {
			if !yield(c, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(nil, err)
		}
	}
}

// numbering writes the file of numbers.
type numbering struct {
	invoices, credits invoice.Series
	first             int
	path              string
	file              *os.File
	w                 *bufio.Writer
}

func newNumbering(c *config, dir string) (*numbering, error) {
	n := &numbering{path: filepath.Join(dir, numbersFile), first: c.Settings.Invoice.First}
	var err error
	if n.invoices, n.credits, err = invoice.SeriesOf(c.Settings); err != nil {
		return nil, err
	}
	if n.file, err = os.CreateTemp(dir, numbersFile+".*"); err != nil {
		return nil, fmt.Errorf("write the numbers of invoices: %w", err)
	}
	n.w = bufio.NewWriter(n.file)
	return n, nil
}

func (n *numbering) of(c *charge.Charge) invoice.Series {
	if c.Kind == charge.KindCreditNote {
		return n.credits
	}
	return n.invoices
}

// series is the form of a charge's number, with the year in it if the count begins anew each year.
func (n *numbering) series(c *charge.Charge) (form string, first int) {
	if c.Kind == charge.KindPayout {
		return "", 0
	}
	s := n.of(c)
	form = string(c.Kind) + " " + s.String()
	if s.ByYear() {
		form += fmt.Sprintf(" %d", year(c))
	}
	return form, n.first
}

func (n *numbering) format(c *charge.Charge, number int) (string, error) {
	return n.of(c).Format(year(c), int64(number))
}

func (n *numbering) add(fingerprint, number string) error {
	if len(number) > numberCell {
		return fmt.Errorf("the number %s is longer than %d characters: take a shorter form of the series", number, numberCell)
	}
	var cell [printCell + numberCell]byte
	if k, err := hex.Decode(cell[:printCell], []byte(fingerprint)); err != nil || k != printCell {
		return fmt.Errorf("%q is no fingerprint of a charge", fingerprint)
	}
	copy(cell[printCell:], number)
	_, err := n.w.Write(cell[:])
	return err
}

// put makes the file durable under its name.
func (n *numbering) put() error {
	err := errors.Join(n.w.Flush(), n.file.Sync())
	if err == nil {
		err = n.compare()
	}
	if err == nil {
		err = os.Rename(n.file.Name(), n.path)
	}
	if err != nil {
		return fmt.Errorf("write the numbers of invoices: %w", err)
	}
	d, err := os.Open(filepath.Dir(n.path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// compare sees that a later session has the numbers of the first, whose documents may be with the customers: a register that was put
// back from a copy gives others.
func (n *numbering) compare() error {
	before, err := os.ReadFile(n.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	now, nowErr := os.ReadFile(n.file.Name())
	if err = errors.Join(err, nowErr); err != nil {
		return err
	}
	if !bytes.Equal(before, now) {
		return errors.New("the register gives other numbers than when the run began, so it is an older copy: put back the newest one")
	}
	return nil
}

// discard takes away what was not put.
func (n *numbering) discard() error {
	err := n.file.Close()
	if removeErr := os.Remove(n.file.Name()); removeErr != nil && !errors.Is(removeErr, os.ErrNotExist) {
		err = errors.Join(err, removeErr)
	}
	return err
}

// numbers reads the file.
type numbers struct {
	file *os.File
	out  barred
}

func openNumbers(dir string) (*numbers, error) {
	out, err := readBarred(dir)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, numbersFile))
	if err != nil {
		return nil, fmt.Errorf("read the numbers of invoices: %w", err)
	}
	return &numbers{f, out}, nil
}

// errChanged says that a record is not what was planned in its place.
var errChanged = errors.New("the record is not what was planned in its place, and nothing is done with it: what is to be charged otherwise needs a plan of its own")

// charge reads the charge that a record is, with its number. A record that is none, or is not what was planned, is an error
// about it alone; the second error is one of the file.
func (n *numbers) charge(rec *jobs.Record) (c *charge.Charge, wrong, err error) {
	var cell [printCell + numberCell]byte
	if _, err := n.file.ReadAt(cell[:], int64(rec.Seq)*int64(len(cell))); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, nil, fmt.Errorf("read what was planned for charge %d in %s: %w", rec.Seq, n.file.Name(), err)
	}
	if c, wrong = charge.Decode(rec.Raw); wrong != nil {
		return nil, wrong, nil
	}
	sum, wrong := c.Fingerprint()
	if wrong == nil && sum != hex.EncodeToString(cell[:printCell]) {
		wrong = errChanged
	}
	if wrong != nil {
		return nil, wrong, nil
	}
	c.Number = string(bytes.TrimRight(cell[printCell:], "\x00"))
	return c, nil, nil
}

// number is that of the document of the charge at a position of the plan.
func (n *numbers) number(seq jobs.Seq) (string, error) {
	var cell [numberCell]byte
	if _, err := n.file.ReadAt(cell[:], int64(seq)*(printCell+numberCell)+printCell); err != nil {
		return "", fmt.Errorf("read the number of charge %d in %s: %w", seq, n.file.Name(), err)
	}
	return string(bytes.TrimRight(cell[:], "\x00")), nil
}

func (n *numbers) close() error { return n.file.Close() }
