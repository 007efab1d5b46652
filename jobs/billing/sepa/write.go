package sepa

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/calendar"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"brood/jobs/extsort"
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

// ErrNothing says that there is no charge that goes into the file: none is written.
var ErrNothing = errors.New("there is nothing to put into a bank file")

// memory is what the payments of a file may take before they go to a nameless file in File.Dir.
const memory = 64 << 20

// Write writes the file: the charges of File.Kind, in the order in which they come within a block of one day and one
// sequence type. They are those that ended well; a charge that Check would refuse for its contents is an error here. Nothing is written unless all are
// right.
func Write(w io.Writer, f *File, s *settings.Settings, charges iter.Seq2[*charge.Charge, error]) (*Written, error) {
	version, err := VersionOf(&s.SEPA, f.Kind)
	if err != nil {
		return nil, err
	}
	if wrong := CheckSettings(s, f.Kind); len(wrong) > 0 {
		return nil, fmt.Errorf("settings: %w", wrong[0])
	}
	zone, err := settings.Location(s.Zone)
	if err != nil {
		return nil, err
	}
	out := &writing{
		file: f, own: own(s), version: version, today: calendar.DayOf(f.Created, zone), ids: map[[16]byte]struct{}{}, sums: map[block]*Block{},
		rows: extsort.New(f.Dir, memory),
	}
	defer out.rows.Close() //nolint:errcheck // a nameless file that was read to its end
	for c, err := range charges {
		if err != nil {
			return nil, err
		}
		if err := out.add(c); err != nil {
			return nil, fmt.Errorf("invoice %.60s: %w", c.InvoiceID, err)
		}
	}
	if out.total.Count == 0 {
		return nil, ErrNothing
	}
	return out.put(bufio.NewWriterSize(w, 1<<16))
}

// writing is a file on its way.
type writing struct {
	file    *File
	own     self
	version Version
	today   time.Time
	total   Written
	ids     map[[16]byte]struct{} // of references that are taken
	sums    map[block]*Block
	rows    *extsort.Sorter
	order   uint64
}

// add takes a charge in: what the file says about it waits as text.
func (o *writing) add(c *charge.Charge) error {
	if c.Kind != o.file.Kind {
		o.total.Others++
		return nil
	}
	if err := fitting(c); err != nil {
		return err
	}
	b, err := o.block(c)
	if err != nil {
		return err
	}
	id, _ := EndToEndID(c)
	if err := o.claim(id); err != nil {
		return err
	}
	a, err := c.Money()
	if err != nil {
		return err
	}
	sum := o.sums[b]
	if sum == nil {
		sum = &Block{ID: b.id(o.file.MessageID()), Day: b.day, Sequence: b.sequence, Instrument: b.instrument}
		o.sums[b] = sum
	}
	sum.Count++
	sum.Minor += a.Minor
	o.total.Count++
	if o.total.Minor += a.Minor; o.total.Minor > 999_999_999_999_999_99 {
		return fmt.Errorf("with it the sum has more than 17 digits, which is all that CtrlSum has")
	}
	m := markup{open: make([]string, 3)}
	o.payment(&m, c, id, a)
	if o.file.Placed != nil {
		o.file.Placed(c.InvoiceID, Place{o.file.MessageID(), sum.ID, id})
	}
	return o.rows.Add(o.key(b), m.Bytes())
}

// fitting is Check without the days, which were looked at when the plan was made.
func fitting(c *charge.Charge) error {
	var f findings
	f.amount(c)
	f.party(c)
	f.texts(c)
	for _, p := range f {
		if !p.Warning {
			return p
		}
	}
	return nil
}

// claim takes a reference, once.
func (o *writing) claim(id string) error {
	sum := sha256.Sum256([]byte(id))
	short := [16]byte(sum[:])
	if _, taken := o.ids[short]; taken {
		return fmt.Errorf("the reference %s is in the file already: an invoice is charged once", id)
	}
	o.ids[short] = struct{}{}
	return nil
}

// block finds out when and how a charge is collected.
func (o *writing) block(c *charge.Charge) (block, error) {
	want, err := wanted(c)
	if err != nil {
		return block{}, err
	}
	earliest := calendar.TARGET.Add(o.today, 1)
	if o.file.Kind == charge.KindPayout {
		earliest = calendar.TARGET.Next(o.today)
	}
	got := collection(want, earliest)
	if !got.Equal(want) {
		o.note(c, "moved from %s to %s, the next day on which banks settle and can still do it", calendar.Format(want), calendar.Format(got))
	}
	b := block{day: calendar.Format(got)}
	if o.file.Kind == charge.KindPayout {
		return b, nil
	}
	if !validID(c.MandateID) {
		return block{}, fmt.Errorf("the mandate %.40q is none", c.MandateID)
	}
	if _, err := calendar.Parse(c.MandateDate); err != nil {
		return block{}, fmt.Errorf("the date of the mandate: %w", err)
	}
	b.instrument = o.own.instrument
	b.sequence, err = sequence(c)
	return b, err
}

func (o *writing) note(c *charge.Charge, format string, args ...any) {
	if o.file.Note != nil {
		o.file.Note(c.InvoiceID, fmt.Sprintf(format, args...))
	}
}

// key orders blocks by day, sequence and instrument, and what is in them as it came.
func (o *writing) key(b block) extsort.Key {
	var k extsort.Key
	copy(k[:], b.day)
	k[10] = order(b.sequence)
	k[11] = order(b.instrument)
	binary.BigEndian.PutUint64(k[16:], o.order)
	o.order++
	return k
}

const words = "FRSTRCUROOFFFNALCOREB2B "

func order(word string) byte {
	for i := 0; i < len(words); i += 4 {
		if word != "" && words[i:i+3] == word[:3] {
			return byte('1' + i/4)
		}
	}
	return '0'
}

func (o *writing) blockOf(k extsort.Key) block {
	word := func(b byte) string {
		if b == '0' {
			return ""
		}
		at := int(b-'1') * 4
		if w := words[at : at+4]; w != "B2B " {
			return w
		}
		return "B2B"
	}
	return block{string(k[:10]), word(k[10]), word(k[11])}
}

// put writes all.
func (o *writing) put(w *bufio.Writer) (*Written, error) {
	o.total.Version, o.total.MsgID = o.version, o.file.MessageID()
	var m markup
	m.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:` + string(o.version) + `">`)
	m.open = append(m.open, "Document")
	m.begin(o.root())
	o.head(&m)
	var last *Block
	err := o.rows.Each(func(k extsort.Key, row []byte) error {
		b := o.blockOf(k)
		if sum := o.sums[b]; sum != last {
			if last != nil {
				m.end(1)
			}
			o.total.Blocks = append(o.total.Blocks, *sum)
			o.blockHead(&m, sum)
			last = sum
		}
		m.Write(row)
		_, err := m.WriteTo(w)
		return err
	})
	if err != nil {
		return nil, err
	}
	m.end(3)
	m.WriteByte('\n')
	if _, err := m.WriteTo(w); err != nil {
		return nil, err
	}
	return &o.total, w.Flush()
}

func (o *writing) root() string {
	if o.file.Kind == charge.KindPayout {
		return "CstmrCdtTrfInitn"
	}
	return "CstmrDrctDbtInitn"
}

// head is the group header. The time is of UTC, which has one form everywhere.
func (o *writing) head(m *markup) {
	m.begin("GrpHdr")
	m.leaf("MsgId", o.total.MsgID)
	m.leaf("CreDtTm", o.file.Created.UTC().Format("2006-01-02T15:04:05Z"))
	m.leaf("NbOfTxs", strconv.Itoa(o.total.Count))
	m.leaf("CtrlSum", money.Format(o.total.Minor, 2))
	m.path(o.name(o.own.name), "InitgPty", "Nm")
	m.end(1)
}

func (o *writing) name(text string) string {
	spelt, _ := latin.Spell(text, latin.EPC)
	return cut(spelt, 70)
}

// iban is the electronic form of what has been checked.
func iban(text string) string {
	n, err := account.ParseIBAN(text)
	if err != nil {
		return ""
	}
	return n.String()
}
