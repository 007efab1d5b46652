package nacha

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/calendar"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"brood/jobs/billing/settings"
	"brood/jobs/extsort"
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// ErrNothing says that there is no charge that goes into the file: none is written.
var ErrNothing = errors.New("there is nothing to put into an ACH file")

// memory is what the entries of a file may take before they go to a nameless file in File.Dir.
const memory = 64 << 20

const retryDescription = "RETRY PYMT" // Nacha Operating Rules, 2.12.4.4

// Write writes the file: charges as debits and payouts as credits, in the order in which they come within a batch. They are those that ended
// well. Nothing is written unless all are right.
func Write(w io.Writer, f *File, s *settings.Settings, charges iter.Seq2[*charge.Charge, error]) (*Written, error) {
	if wrong := CheckSettings(s); len(wrong) > 0 {
		return nil, fmt.Errorf("settings: %w", wrong[0])
	}
	zone, err := settings.Location(s.Zone)
	if err != nil {
		return nil, err
	}
	if m := f.Modifier; m != 0 && (m < 'A' || m > 'Z') && (m < '0' || m > '9') {
		return nil, fmt.Errorf("a file is told apart by A to Z and 0 to 9, not by %q", m)
	}
	o := &writing{file: f, own: s, zone: zone, today: calendar.DayOf(f.Created, zone), rows: extsort.New(f.Dir, memory), ids: map[string]struct{}{}}
	defer o.rows.Close() //nolint:errcheck // a nameless file that was read to its end
	for c, err := range charges {
		if err != nil {
			return nil, err
		}
		if err := o.add(c); err != nil {
			return nil, fmt.Errorf("invoice %.60s: %w", c.InvoiceID, err)
		}
	}
	if o.order == 0 {
		return nil, ErrNothing
	}
	o.out = bufio.NewWriterSize(w, 1<<16)
	if err := o.put(); err != nil {
		return nil, err
	}
	return &o.total, o.out.Flush()
}

// writing is a file on its way.
type writing struct {
	file  *File
	own   *settings.Settings
	zone  *time.Location
	today time.Time
	rows  *extsort.Sorter
	ids   map[string]struct{} // references that are taken
	order uint64
	sum   Written // of what was taken in: refused before anything is written

	out   *bufio.Writer
	lines int
	total Written
	batch *Batch
	hash  int64 // of the batch
	key   group // of the batch
}

// group is what makes a batch.
type group struct {
	day           string
	credit, retry bool
}

// add takes a charge in.
func (o *writing) add(c *charge.Charge) error {
	if c.Kind != charge.KindCharge && c.Kind != charge.KindPayout {
		o.total.Others++
		return nil
	}
	var f findings
	f.contents(c)
	for _, p := range f {
		if !p.Warning {
			return p
		}
		if p.Field == "name" && o.file.Note != nil {
			o.file.Note(c.InvoiceID, p.Error())
		}
	}
	id, _ := Reference(c)
	if _, taken := o.ids[id]; taken {
		return fmt.Errorf("the reference %s is in the file already: an invoice is charged once", id)
	}
	o.ids[id] = struct{}{}
	g, err := o.group(c)
	if err != nil {
		return err
	}
	row, err := o.entry(c, id)
	if err != nil {
		return err
	}
	if o.order++; o.order > mostTrace {
		return fmt.Errorf("a file has trace numbers for %d entries; split the plan", mostTrace)
	}
	return o.rows.Add(o.keyOf(g), append(row, c.InvoiceID...))
}

func (o *writing) group(c *charge.Charge) (group, error) {
	want, err := wanted(c)
	if err != nil {
		return group{}, err
	}
	got := effective(want, o.today)
	if !got.Equal(want) && o.file.Note != nil {
		o.file.Note(c.InvoiceID, fmt.Sprintf("moved from %s to %s, the next day on which banks settle and can still do it", calendar.Format(want), calendar.Format(got)))
	}
	retry := c.Attempt > 1
	if o.file.Retry != nil {
		retry = o.file.Retry(c)
	}
	return group{calendar.Format(got), c.Kind == charge.KindPayout, retry && c.Kind == charge.KindCharge && !o.file.Prenotes}, nil
}

// keyOf orders batches by day, direction and description, and what is in them as it came.
func (o *writing) keyOf(g group) extsort.Key {
	var k extsort.Key
	copy(k[:], g.day)
	k[10], k[11] = '0', '0'
	if g.credit {
		k[10] = '1'
	}
	if g.retry {
		k[11] = '1'
	}
	binary.BigEndian.PutUint64(k[16:], o.order)
	return k
}

// entry is the record of a charge but for its trace number, and takes it into the sums.
func (o *writing) entry(c *charge.Charge, id string) ([]byte, error) {
	a, err := c.Money()
	if err != nil {
		return nil, err
	}
	minor := a.Minor
	if o.file.Prenotes {
		minor = 0
	}
	if c.Kind == charge.KindPayout {
		o.sum.Credit += minor
	} else {
		o.sum.Debit += minor
	}
	if o.sum.Credit > mostTotal || o.sum.Debit > mostTotal {
		return nil, fmt.Errorf("with it the file has more than the 9999999999.99 dollars that its total has digits for; split the plan")
	}
	routing, err := account.ParseRouting(c.RoutingNumber)
	if err != nil {
		return nil, err
	}
	var r record
	r.exact("6", 1).digits(int64(code(c, o.file.Prenotes)), 2).exact(string(routing), 9).exact(number(c.AccountNumber), 17)
	r.digits(minor, 10).exact(id, 15).text(c.Name, 22).exact(o.discretionary(c), 2).exact("0", 1).exact("", 15)
	line, err := r.line()
	return line, err
}

// discretionary is, in the class WEB, whether it is the only one or one of several.
func (o *writing) discretionary(c *charge.Charge) string {
	switch {
	case o.own.NACHA.Class != "WEB" || c.Kind == charge.KindPayout:
		return ""
	case c.Sequence == "OOFF":
		return "S"
	default:
		return "R"
	}
}

// put writes all.
func (o *writing) put() error {
	if err := o.head(); err != nil {
		return err
	}
	if err := o.rows.Each(o.row); err != nil {
		return err
	}
	if err := o.endBatch(); err != nil {
		return err
	}
	return o.foot()
}

// row writes an entry into its batch, with its trace number.
func (o *writing) row(k extsort.Key, row []byte) error {
	g := group{string(k[:10]), k[10] == '1', k[11] == '1'}
	if o.batch == nil || o.key != g || o.batch.Count == mostEntries {
		if err := o.endBatch(); err != nil {
			return err
		}
		if err := o.beginBatch(g); err != nil {
			return err
		}
	}
	line, invoice := row[:width+1], string(row[width+1:])
	var minor, bank int64
	for _, c := range line[29:39] {
		minor = minor*10 + int64(c-'0')
	}
	for _, c := range line[3:11] {
		bank = bank*10 + int64(c-'0')
	}
	o.batch.Count++
	o.hash += bank
	if g.credit {
		o.batch.Credit += minor
	} else {
		o.batch.Debit += minor
	}
	o.total.Count++
	trace := fmt.Sprintf("%s%07d", o.own.NACHA.OriginatingDFI, o.total.Count)
	if o.file.Trace != nil {
		o.file.Trace(invoice, string(cutBlank(line[39:54])), trace)
	}
	out := append([]byte(nil), line...)
	copy(out[79:94], trace)
	return o.line(out, nil)
}

func cutBlank(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

func (o *writing) line(line []byte, err error) error {
	if err != nil {
		return err
	}
	o.lines++
	_, err = o.out.Write(line)
	return err
}

func (o *writing) head() error {
	n := &o.own.NACHA
	at := o.file.Created.In(o.zone)
	var r record
	r.exact("101", 3).exact(place(n.ImmediateDestination), 10).exact(place(n.ImmediateOrigin), 10).exact(at.Format("0601021504"), 10)
	r.exact(string(cmp.Or(o.file.Modifier, 'A')), 1).exact("094101", 6).text(n.ImmediateDestinationName, 23)
	r.text(cmp.Or(n.ImmediateOriginName, n.CompanyName, o.own.Seller.Name), 23).exact("", 8)
	return o.line(r.line())
}

// place is a routing number as the file header has it: a blank and nine digits.
func place(text string) string {
	if len(text) == 9 {
		return " " + text
	}
	return text
}

func serviceClass(g group) string {
	if g.credit {
		return "220"
	}
	return "225"
}

func (o *writing) beginBatch(g group) error {
	n := &o.own.NACHA
	description := cmp.Or(n.EntryDescription, "PAYMENT")
	if g.retry {
		description = retryDescription
	}
	o.key, o.hash = g, 0
	o.batch = &Batch{Number: len(o.total.Batches) + 1, Day: g.day, Description: description}
	if o.batch.Number > mostBatches {
		return fmt.Errorf("a file has numbers for %d batches; split the plan", mostBatches)
	}
	company, _ := latin.Spell(cmp.Or(n.CompanyName, o.own.Seller.Name), latin.ACH)
	var r record
	r.exact("5"+serviceClass(g), 4).text(company, 16).exact("", 20).exact(n.CompanyID, 10).exact(class(n.Class), 3).text(description, 10)
	r.exact("", 6).exact(g.day[2:4]+g.day[5:7]+g.day[8:10], 6).exact("", 3).exact("1"+n.OriginatingDFI, 9).digits(int64(o.batch.Number), 7)
	return o.line(r.line())
}

func (o *writing) endBatch() error {
	if o.batch == nil {
		return nil
	}
	b, n := o.batch, &o.own.NACHA
	var r record
	r.exact("8"+serviceClass(o.key), 4).digits(int64(b.Count), 6).digits(o.hash%hashModulus, 10).digits(b.Debit, 12).digits(b.Credit, 12)
	r.exact(n.CompanyID, 10).exact("", 25).exact(n.OriginatingDFI, 8).digits(int64(b.Number), 7)
	o.total.Batches = append(o.total.Batches, *b)
	o.total.Debit += b.Debit
	o.total.Credit += b.Credit
	o.total.Hash = (o.total.Hash + o.hash%hashModulus) % hashModulus
	o.batch = nil
	return o.line(r.line())
}

// foot is the file control, and fills the last block with nines.
func (o *writing) foot() error {
	blocks := (o.lines + 1 + 9) / 10
	var r record
	r.exact("9", 1).digits(int64(len(o.total.Batches)), 6).digits(int64(blocks), 6).digits(int64(o.total.Count), 8).digits(o.total.Hash, 10)
	r.digits(o.total.Debit, 12).digits(o.total.Credit, 12).exact("", 39)
	if err := o.line(r.line()); err != nil {
		return err
	}
	for o.lines%10 != 0 {
		var nines record
		for range width {
			nines.b = append(nines.b, '9')
		}
		if err := o.line(nines.line()); err != nil {
			return err
		}
	}
	return nil
}
