// Package statement reads what banks and providers say about payments: pain.002 status reports, camt.053 statements and camt.054 notifications
// (ISO 20022), return files and notifications of change of ACH, and tables (CSV) of providers and banks.
//
// Whatever the form, out come Items one after the other, in the order of the file, however large it is: single
// payments as charge.Listed, sums that banks book for a whole file or payment block as Batch, and corrected account data as Change.
// What a payment belongs to is said by Reference; to find the charge of it is left to others.
//
// Files come from outside and are read as such: no document type and no entities, bounded depth, names, texts and lines; what is not
// understood is an error with file and line, and nothing is skipped silently but for elements that say nothing about payments. An error ends the
// reading: what came before it is not to be relied on, as sums are checked where they stand, at the end.
package statement

import (
	"brood/jobs/billing/charge"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"time"
)

// Item is one thing that a file says: Listed, Batch or Change is set.
type Item struct {
	Listed *charge.Listed
	Batch  *Batch
	Change *Change
	Debit  bool // money left our account: a return, a refund, a payout
	// Booked says that it stands on an account, and which way it went decides what it is: of a statement of the bank, and of a table
	// that has no column for a status. What came back the other way has then still to be told from what succeeded.
	Booked bool
	Fee    int64  // what a return cost besides, in minor units of the same currency; 0 if it is not said
	Text   string // what the payer wrote, for payments without a reference
}

// Batch is one sum for several payments: of a file (MsgId) or of a payment block (PmtInfId).
type Batch struct {
	Reference string
	Count     int   // 0 if it is not said
	Minor     int64 // 0 with a status report that does not say it
	Currency  string
	Status    charge.Status
	Reason    string
	At        time.Time
	Place     string
}

// Change is a notification of change: the entry went through, and the account data is to be corrected before the next.
type Change struct {
	Reference string // the individual identification number
	Trace     string // of the original entry
	Code      string // C01, C02, …
	Corrected string // the corrected data, as the code has it
	Place     string
}

// Read reads a file of any form. The form is told by its beginning; of tables, columns says what is where, and nil is the results
// file of a billing run.
func Read(r io.Reader, name string, columns *Columns) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		in := bufio.NewReaderSize(r, 1<<16)
		head, err := in.Peek(64)
		if len(head) == 0 {
			if err == io.EOF {
				err = fmt.Errorf("%s: the file is empty", name)
			}
			yield(Item{}, err)
			return
		}
		if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
			yield(Item{}, fmt.Errorf("%s: the file is UTF-16; convert it to UTF-8, as by iconv -f UTF-16 -t UTF-8", name))
			return
		}
		p := &printer{name: name, yield: yield}
		head = bytes.TrimPrefix(head, []byte("\ufeff"))
		switch head = bytes.TrimLeft(head, " \t\r\n"); {
		case bytes.HasPrefix(head, []byte("<")):
			err = readXML(in, p)
		case columns == nil && bytes.HasPrefix(head, []byte("101")) && !bytes.ContainsAny(head, ",;\t\""):
			err = readACH(in, p)
		default:
			if columns == nil {
				columns = ResultsColumns()
			}
			err = readTable(in, p, columns)
		}
		if err != nil && !p.stopped {
			yield(Item{}, fmt.Errorf("%s: %w", name, err))
		}
	}
}

// printer hands items on.
type printer struct {
	name    string
	yield   func(Item, error) bool
	stopped bool
}

// errStopped ends a reading that nobody listens to any more.
var errStopped = fmt.Errorf("nobody reads on")

func (p *printer) item(i Item) error {
	if !p.yield(i, nil) {
		p.stopped = true
		return errStopped
	}
	return nil
}

func (p *printer) place(line int) string { return fmt.Sprintf("%s:%d", p.name, line) }

// meter bounds how much is read before something is made of it: a decoder that finds no end of a text would take all memory.
type meter struct {
	r      io.Reader
	read   int64
	most   int64
	beyond string
}

// longest is what one element, record or line may have.
const longest = 1 << 20

func (m *meter) Read(b []byte) (int, error) {
	if m.read >= m.most {
		return 0, fmt.Errorf("%s of more than %d bytes", m.beyond, longest)
	}
	n, err := m.r.Read(b[:min(int64(len(b)), m.most-m.read)])
	m.read += int64(n)
	return n, err
}

// past says that everything up to an offset has been dealt with.
func (m *meter) past(offset int64) { m.most = max(m.most, offset+longest) }
