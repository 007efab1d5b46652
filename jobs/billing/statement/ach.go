package statement

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/charge"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const recordWidth = 94 // Nacha Operating Rules, appendix three

// ach reads an ACH file that has come back: returns have addenda 99, notifications of change addenda 98 (Nacha Operating Rules, appendices four
// and five). An entry with neither is one that is sent, which says nothing of what became of it, and is refused. Counts, hashes and totals of
// batches and file are checked.
type ach struct {
	p           *printer
	in          *bufio.Reader
	line        int
	inBatch     bool
	ended       bool
	at          time.Time
	batch, file tally
	batches     int64
	entry       string // that waits for its addenda
	entryLine   int
}

// tally is what control records count.
type tally struct{ entries, hash, debit, credit int64 }

const hashModulus = 10_000_000_000

func readACH(in *bufio.Reader, p *printer) error {
	a := &ach{p: p, in: in}
	for {
		record, err := a.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = a.record(record)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", a.line, err)
		}
	}
	if !a.ended {
		return errors.New("the file ends before its file control record: it is cut")
	}
	return nil
}

// next is a record: a line, or 94 characters of a file without lines. Blanks that were cut off its end are put back.
func (a *ach) next() (string, error) {
	var b [recordWidth]byte
	n := 0
	for n < recordWidth {
		c, err := a.in.ReadByte()
		switch {
		case err == io.EOF && n > 0:
			return a.whole(b[:], n)
		case err != nil:
			return "", err
		case c == '\r':
		case c == '\n':
			if n > 0 {
				return a.whole(b[:], n)
			}
		case c < ' ' || c > '~':
			a.line++
			return "", fmt.Errorf("the byte %#02x is no character of an ACH file", c)
		default:
			b[n] = c
			n++
		}
	}
	return a.whole(b[:], n)
}

func (a *ach) whole(b []byte, n int) (string, error) {
	a.line++
	for ; n < recordWidth; n++ {
		b[n] = ' '
	}
	return string(b), nil
}

func (a *ach) record(r string) error {
	if a.ended {
		if strings.Trim(r, "9") != "" {
			return errors.New("there are records after the file control record")
		}
		return nil
	}
	if a.entry != "" && r[0] != '7' {
		if err := a.alone(); err != nil {
			return err
		}
	}
	switch kind := r[0]; {
	case kind == '1' && a.line == 1:
		at, err := time.Parse("060102", r[23:29])
		a.at = at
		if err != nil {
			return fmt.Errorf("the file's date %q is none", r[23:29])
		}
		return nil
	case kind == '5' && !a.inBatch:
		a.inBatch, a.batch = true, tally{}
		if class := r[50:53]; class == "IAT" || class == "ADV" || class == "ENR" {
			return fmt.Errorf("batches of the class %s are not read here", class)
		}
		return nil
	case kind == '6' && a.inBatch:
		return a.begin(r)
	case kind == '7' && a.inBatch:
		return a.addenda(r)
	case kind == '8' && a.inBatch:
		return a.endBatch(r)
	case kind == '9' && !a.inBatch:
		return a.endFile(r)
	}
	return fmt.Errorf("a record of type %q does not belong here", r[0])
}

// number reads a field of digits.
func number(field string) (int64, error) {
	if strings.Trim(field, "0123456789") != "" {
		return 0, fmt.Errorf("the field %q has not only digits", field)
	}
	return strconv.ParseInt(field, 10, 64)
}

// begin takes an entry into the sums. Its addenda say what it is.
func (a *ach) begin(r string) error {
	if _, err := account.ParseRouting(r[3:12]); err != nil {
		return err
	}
	bank, err := number(r[3:11])
	if err != nil {
		return err
	}
	cents, err := number(r[29:39])
	if err != nil {
		return err
	}
	a.batch.entries++
	a.batch.hash += bank
	switch {
	case strings.IndexByte("23", r[1]) < 0 || strings.IndexByte("12346789", r[2]) < 0:
		return fmt.Errorf("the transaction code %q is not read here", r[1:3])
	case r[2] <= '4':
		a.batch.credit += cents
	default:
		a.batch.debit += cents
	}
	a.entry, a.entryLine = r, a.line
	return nil
}

func (a *ach) listed(status charge.Status, trace, reason string) Item {
	e := a.entry
	cents, _ := number(e[29:39]) // it was read when the entry began
	// A debit that is returned leaves our account, and a credit that is sent.
	credit := e[2] <= '4'
	return Item{
		Debit: credit == (status != charge.Returned),
		Listed: &charge.Listed{
			Reference: strings.TrimSpace(e[39:54]), ProviderID: trace, Minor: cents, Currency: "USD", Status: status, Reason: reason, At: a.at, Place: a.p.place(a.entryLine),
		},
	}
}

// errSent says that a file is the one that goes to the bank.
var errSent = errors.New("it has come back for no reason, and nothing of it was changed: this is a file that is sent to the bank; take the returns (R..) and notifications of change (C..) that the bank has sent back")

// alone refuses an entry without addenda.
func (a *ach) alone() error {
	if a.entry[78] != '0' {
		return fmt.Errorf("the entry of line %d announces addenda, and has none", a.entryLine)
	}
	return fmt.Errorf("the entry of line %d: %w", a.entryLine, errSent)
}

func (a *ach) addenda(r string) error {
	a.batch.entries++
	if a.entry == "" {
		if r[1:3] == "98" || r[1:3] == "99" {
			return errors.New("addenda of a return stand without their entry")
		}
		return nil // further ones, of an entry that is told
	}
	e := a.entry
	if e[78] != '1' {
		return errors.New("the entry before announces no addenda")
	}
	switch r[1:3] {
	case "99":
		if r[3] != 'R' {
			return fmt.Errorf("%q is no reason of a return", r[3:6])
		}
		i := a.listed(charge.Returned, strings.TrimSpace(r[6:21]), r[3:6])
		i.Text = strings.TrimSpace(r[35:79])
		a.entry = ""
		return a.p.item(i)
	case "98":
		if r[3] != 'C' {
			return fmt.Errorf("%q is no code of a change", r[3:6])
		}
		a.entry = ""
		return a.p.item(Item{Change: &Change{
			Reference: strings.TrimSpace(e[39:54]), Trace: strings.TrimSpace(r[6:21]), Code: r[3:6], Corrected: strings.TrimSpace(r[35:64]), Place: a.p.place(a.entryLine),
		}})
	default:
		return errSent
	}
}

// is holds a control record's fields against what was counted.
func (t tally) is(what string, fields ...string) error {
	for i, c := range []struct {
		name string
		got  int64
	}{{"entries", t.entries}, {"as their hash", t.hash % hashModulus}, {"cents of debits", t.debit}, {"cents of credits", t.credit}} {
		want, err := number(fields[i])
		if err != nil {
			return err
		}
		if want != c.got {
			return fmt.Errorf("the %s says %d %s, and there are %d: the file was changed or cut", what, want, c.name, c.got)
		}
	}
	return nil
}

func (a *ach) endBatch(r string) error {
	a.inBatch = false
	a.batches++
	a.file.entries += a.batch.entries
	a.file.hash += a.batch.hash % hashModulus
	a.file.debit += a.batch.debit
	a.file.credit += a.batch.credit
	return a.batch.is("batch control record", r[4:10], r[10:20], r[20:32], r[32:44])
}

func (a *ach) endFile(r string) error {
	a.ended = true
	if n, err := number(r[1:7]); err != nil || n != a.batches {
		return fmt.Errorf("the file control record says %s batches, and there are %d: the file was changed or cut", r[1:7], a.batches)
	}
	return a.file.is("file control record", r[13:21], r[21:31], r[31:43], r[43:55])
}
