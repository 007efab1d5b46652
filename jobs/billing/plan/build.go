package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/mapping"
	"brood/jobs/billing/settings"
	"brood/jobs/billing/table"
	"brood/jobs/files"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrRefused says that there is no plan, for what the report says.
var ErrRefused = errors.New("put right what is refused, and plan again; --problems FILE has all of it")

// builder makes a plan in one pass over the rows. It keeps of each invoice and customer what tells it from others, and the charges
// in a file.
type builder struct {
	o        Options
	settings *settings.Settings
	spec     *mapping.Spec
	zone     *time.Location
	rounding string
	writer   *Writer
	problems *problems
	report   *Report
	previous *previous

	file     string // at hand
	mapper   *mapping.Mapper
	open     []*mapping.Row // the rows of the invoice at hand
	openBad  bool
	invoices map[[16]byte]place
	people   customers
	amounts  spread
	caps     caps
	months   map[string]bool
	kind     charge.Kind // of all charges
	unused   []string
	metadata map[string]int // how many charges have each
	// undrawable says why a text cannot stand on an invoice; nil: there are none.
	undrawable func(text string) string
	leftOut    map[string]int
}

// place is where an invoice was first.
type place struct {
	file string
	line int
}

// Build reads all rows, checks them and writes the plan. The report is there whatever becomes of it, unless nothing
// could be read; with ErrRefused there is no plan.
func Build(ctx context.Context, o Options) (p *Plan, r *Report, err error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	b := &builder{o: o, report: &Report{}, invoices: make(map[[16]byte]place), months: make(map[string]bool), metadata: make(map[string]int), leftOut: make(map[string]int)}
	if err := b.prepare(); err != nil {
		return nil, nil, err
	}
	var all *files.New
	if o.Problems != "" {
		if all, err = files.Create(o.Problems, 0o600); err != nil {
			return nil, nil, fmt.Errorf("--problems: %w", err)
		}
		b.problems = newProblems(all)
	} else {
		b.problems = newProblems(nil)
	}
	p, err = b.build(ctx)
	if all != nil {
		if e := b.problems.finish(); e != nil {
			return nil, nil, errors.Join(e, all.Discard())
		}
		err = errors.Join(err, all.Put(o.Problems))
	}
	if err != nil && !errors.Is(err, ErrRefused) {
		return nil, nil, err
	}
	return p, b.report, err
}

// prepare reads what the rows are compared with.
func (b *builder) prepare() error {
	b.settings = new(settings.Settings)
	var err error
	if b.o.Settings != "" {
		if b.settings, err = settings.Read(b.o.Settings); err != nil {
			return err
		}
	}
	if err := b.provider(); err != nil {
		return err
	}
	if err := b.rules(); err != nil {
		return err
	}
	if b.o.Undrawable != nil {
		if b.undrawable, err = b.o.Undrawable(b.settings); err != nil {
			return err
		}
	}
	if b.o.Previous == "" {
		return nil
	}
	open := b.o.Resolve
	if open == nil {
		open = func(name string) (*Plan, error) { return Find(b.o.State, name) }
	}
	p, err := open(b.o.Previous)
	if err != nil {
		return fmt.Errorf("--previous: %w", err)
	}
	b.previous, err = readPrevious(p)
	return err
}

// rules are those of the settings and flags.
func (b *builder) rules() (err error) {
	if b.zone, err = settings.Location(b.settings.Zone); err != nil {
		return err
	}
	if b.rounding = b.o.Rounding; b.rounding == "" {
		b.rounding = b.settings.TaxRounding
	}
	if b.rounding == "" {
		b.rounding = settings.RoundByRate
	}
	b.settings.TaxRounding = b.rounding
	if b.caps, err = newCaps(&b.settings.Caps, &b.o.Caps); err != nil {
		return err
	}
	if b.spec, err = mapping.Load(b.o.Map); err != nil {
		return err
	}
	b.spec.Again = b.o.Dunning != ""
	return nil
}

// provider refuses settings without what bank files need.
func (b *builder) provider() error {
	var missing []string
	need := func(key, value string) {
		if value == "" {
			missing = append(missing, key)
		}
	}
	switch {
	case b.o.CheckSettings != nil: // it says more
	case b.o.Provider == SEPA:
		if b.settings.SEPA.Name == "" {
			need("seller.name", b.settings.Seller.Name)
		}
		if b.settings.SEPA.IBAN == "" {
			need("sepa.iban", b.settings.Seller.IBAN)
		}
	case b.o.Provider == NACHA:
		n := &b.settings.NACHA
		need("nacha.immediate_destination", n.ImmediateDestination)
		need("nacha.immediate_origin", n.ImmediateOrigin)
		need("nacha.company_name", n.CompanyName)
		need("nacha.company_id", n.CompanyID)
		need("nacha.originating_dfi", n.OriginatingDFI)
	case b.o.Provider == Files:
		need("seller.name", b.settings.Seller.Name)
	}
	if missing != nil {
		return fmt.Errorf("--provider %s needs the settings %s: write them into a file as testdata/billing/seller.toml, and say --settings FILE", b.o.Provider, strings.Join(missing, ", "))
	}
	return nil
}

// build reads the files and writes the plan.
func (b *builder) build(ctx context.Context) (_ *Plan, err error) {
	dir := os.TempDir()
	if b.o.Out != "" {
		dir = filepath.Dir(b.o.Out)
	} else if files.MakeDir(filepath.Join(b.o.State, "billing")) == nil {
		dir = filepath.Join(b.o.State, "billing")
	}
	if b.writer, err = NewWriter(dir); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.writer.Close()) }()
	h := &Header{
		Provider: b.o.Provider, Account: b.o.Account, Mode: b.o.Mode(), Scope: b.o.Scope, Dunning: b.o.Dunning, Map: b.spec.Name, Settings: b.settings,
	}
	for _, path := range b.o.Files {
		s, err := b.read(ctx, path)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(h.Sources, func(t Source) bool { return t.SHA256 == s.SHA256 }) {
			b.problems.add(Problem{Kind: KindDuplicate, File: s.Name, Text: "the same file was named before"})
		}
		h.Sources = append(h.Sources, s)
	}
	if err := b.end(h); err != nil {
		return nil, err
	}
	b.report.fill(b, h)
	if b.problems.refused > 0 {
		return nil, ErrRefused
	}
	return b.put(h)
}

// put writes the plan to where it is wanted, and keeps it.
func (b *builder) put(h *Header) (*Plan, error) {
	h.Warnings = b.problems.warnings()
	path := b.o.Out
	if path == "" {
		path = filepath.Join(b.o.State, "billing", "new-"+rand.Text()+".plan") // another may be made at the same time
	}
	p, err := b.writer.Put(path, h)
	if err != nil {
		return nil, err
	}
	if b.o.State != "" {
		kept, err := p.Keep(b.o.State, b.settings.Invoice.Font)
		if err != nil {
			return nil, err
		}
		if err := b.writer.KeepPlaces(b.o.State, p.Hash()); err != nil {
			return nil, err
		}
		if b.o.Out == "" {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
			p = kept
		}
	}
	b.report.Hash, b.report.Path = p.Hash(), p.Path()
	return p, nil
}

// read reads one file.
func (b *builder) read(ctx context.Context, path string) (Source, error) {
	t, err := table.Open(path)
	if err != nil {
		return Source{}, err
	}
	defer func() { _ = t.Close() }()
	b.file, b.mapper = t.Name, nil
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return Source{}, ctx.Err()
		}
		r, err := t.Next()
		var one *table.RowError
		switch {
		case errors.Is(err, io.EOF):
			b.flush()
			if t.Empty > 0 {
				b.problems.addMany(Problem{Kind: KindEmpty, File: b.file, Text: charge.Counted(t.Empty, "row with nothing in it", "rows with nothing in them")}, t.Empty)
			}
			return Source{Name: t.Name, SHA256: t.SHA256(), Rows: t.Rows}, nil
		case errors.As(err, &one):
			b.flush()
			b.problems.add(Problem{Kind: KindRow, File: b.file, Line: one.Line, Text: one.Text})
		case err != nil:
			return Source{}, fmt.Errorf("%s: %w", path, err)
		default:
			if err := b.row(t, r); err != nil {
				return Source{}, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
}

// row takes a row to the invoice at hand, or begins another.
func (b *builder) row(t *table.Table, r *table.Row) error {
	if b.mapper == nil || !b.mapper.Fits(t.Header) {
		m, err := mapping.New(b.spec, t.Header, b.zone)
		if err != nil {
			return err
		}
		b.mapper = m
		for _, name := range m.Unused() {
			if key := t.Name + ": " + name; !slices.Contains(b.unused, key) && len(b.unused) < 1000 {
				b.unused = append(b.unused, key)
				b.problems.add(Problem{Kind: KindUnused, File: t.Name, Name: name, Text: "the column is not used; call it metadata." + name + " to keep it with the charge"})
			}
		}
	}
	row, ok := b.mapper.Map(r, func(p mapping.Problem) {
		b.problems.add(Problem{Kind: p.Kind, File: b.file, Line: p.Line, Column: p.Column, Name: p.Name, Text: p.Text})
	})
	switch {
	case row == nil: // nothing is known of it
		b.flush()
		return nil
	case row.LeftOut != "":
		b.leftOut[row.LeftOut]++
		return nil
	}
	same := len(b.open) > 0 && row.Charge.InvoiceID != "" && row.Charge.InvoiceID == b.open[0].Charge.InvoiceID
	if !same || !b.o.Group {
		b.flush()
	}
	b.open, b.openBad = append(b.open, row), b.openBad || !ok
	return nil
}

// flush makes a charge of the invoice at hand.
func (b *builder) flush() {
	rows, bad := b.open, b.openBad
	b.open, b.openBad = b.open[:0], false
	if len(rows) == 0 {
		return
	}
	c := &checker{b: b, rows: rows, c: &rows[0].Charge, ok: !bad}
	c.all()
	if !c.ok {
		return
	}
	for k := range c.c.Metadata {
		b.metadata[k]++
	}
	if err := b.writer.AddFrom(c.c, b.file, rows[0].Line); err != nil {
		c.say(KindAmount, mapping.Amount, "%v", err)
	}
}

// key is a short form of a text that tells it from others.
func key(parts ...string) (k [16]byte) {
	h := sha256.New()
	for _, p := range parts {
		_, _ = io.WriteString(h, strconv.Itoa(len(p))+":"+p) // a hash takes everything
	}
	copy(k[:], h.Sum(nil))
	return k
}

// end checks what can be told of all rows only.
func (b *builder) end(h *Header) error {
	for _, what := range sorted(b.leftOut) {
		b.problems.addMany(Problem{Kind: KindLeftOut, Text: charge.Counted(b.leftOut[what], "row", "rows") + " with " + what + ": left out"}, b.leftOut[what])
	}
	if b.writer.Count() == 0 && b.problems.refused == 0 {
		b.problems.add(Problem{Kind: KindMissing, Text: "there is nothing to charge in the files"})
	}
	b.caps.end(b.writer.Sums(), b.problems)
	if b.previous != nil {
		h.Previous = b.previous.hash
		b.previous.compare(b)
	}
	h.Kind = b.kind
	b.seller()
	b.page()
	if h.Scope == "" {
		if (len(b.months) != 1 || b.months["?"]) && b.problems.refused == 0 {
			b.problems.add(Problem{Kind: KindMissing, Text: "the charges are not all of one month, or have no dates: say what the run is for, as in --scope 2026-11"})
		}
		for m := range b.months {
			if len(b.months) == 1 && m != "?" {
				h.Scope = m
			}
		}
	}
	if err := b.writer.out.Flush(); err != nil {
		return err
	}
	return b.amounts.end(b)
}

// month is what a charge is for, as far as its dates say it.
func month(c *charge.Charge) string {
	for _, day := range []string{c.PeriodStart, c.ChargeDate, c.InvoiceDate, c.DueDate} {
		if len(day) >= 7 {
			return day[:7]
		}
	}
	return ""
}
